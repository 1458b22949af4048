# The benchmark with all it starts: Anvil, agent, proxy. From the root of the repository:
#   docker build -f docker/scenarios.Dockerfile -t equipoise/scenarios .
#   docker run --read-only --cap-drop ALL --tmpfs /tmp equipoise/scenarios compare --duration 5s
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=debian:12.12-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The tools of those who work on it are left out: they are half of it.
RUN npm ci --ignore-scripts \
  && cd node_modules \
  && rm -rf node typescript @typescript @biomejs playwright-core solc @types .bin .package-lock.json \
  && find . -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete \
  && rm ../package-lock.json ../.npmrc
COPY LICENSE tsconfig.json ./
COPY agents agents/
COPY proxy proxy/
COPY scenarios scenarios/
RUN echo 'equipoise:x:65532:65532::/tmp:/usr/sbin/nologin' >> /etc/passwd \
  && echo 'equipoise:x:65532:' >> /etc/group \
  && mkdir -p /made/results

FROM ${RUNTIME_IMAGE}
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
COPY --from=build --chown=65532:65532 /made/ /app/
WORKDIR /app
ENV NODE_ENV=production HEALTH_URL=http://127.0.0.1:8550/healthz
USER 65532:65532
# What a comparison found. Chains and logs of nodes are in /tmp, which is to be a tmpfs.
VOLUME /app/results
EXPOSE 8545 8550 8560
# Of `up`, which goes on; what runs to an end is seen by its exit code (--no-healthcheck).
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "require('node:http').get(process.env.HEALTH_URL, r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "/app/scenarios/bin.ts"]
CMD ["up"]
