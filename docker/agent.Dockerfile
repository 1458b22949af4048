# The agent, from its sources: Node runs TypeScript as it is. From the root of the repository:
#   docker build -f docker/agent.Dockerfile -t equipoise/agent .
#   docker run --read-only --cap-drop ALL --cgroupns host -v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/cgroup:ro \
#     -p 127.0.0.1:8560:8560 -v "$PWD/agent-token:/token:ro" equipoise/agent \
#     --addr 0.0.0.0 --token-file /token --pid geth-1=4242
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=debian:12.12-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# With the optional packages: dockerode is one. What they would compile (ssh2's) works without.
RUN npm ci --omit=dev --ignore-scripts \
  && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete \
  && rm package-lock.json .npmrc
COPY LICENSE ./
COPY agents agents/
RUN echo 'equipoise:x:65532:65532::/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
  && echo 'equipoise:x:65532:' >> /etc/group

FROM ${RUNTIME_IMAGE}
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
WORKDIR /app
ENV NODE_ENV=production HEALTH_URL=http://127.0.0.1:8560/healthz
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 8560
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "require('node:http').get(process.env.HEALTH_URL, r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# The machine's own trees, not the container's, which show nothing of the nodes beside it.
ENTRYPOINT ["node", "/app/agents/bin.ts", "--proc-root", "/host/proc", "--cgroup-root", "/host/cgroup"]
