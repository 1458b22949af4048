# The proxy, from its sources: Node runs TypeScript as it is. From the root of the repository:
#   docker build -f docker/proxy.Dockerfile -t equipoise/proxy .
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:8545:8545 equipoise/proxy \
#     --http.addr 0.0.0.0 --node http://10.0.0.5:8545
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=debian:12.12-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What only editors and debuggers read is not shipped. OMIT=--omit=dev leaves dockerode in, which finding nodes by Docker labels
# needs and nothing else does.
ARG OMIT="--omit=dev --omit=optional"
RUN npm ci ${OMIT} --ignore-scripts \
  && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete \
  && rm package-lock.json .npmrc
COPY LICENSE ./
# Their reports' form, and that of ORCA.
COPY agents/*.ts agents/
COPY proxy proxy/
RUN echo 'equipoise:x:65532:65532::/var/lib/equipoise:/usr/sbin/nologin' >> /etc/passwd \
  && echo 'equipoise:x:65532:' >> /etc/group \
  && mkdir -p /state/equipoise

FROM ${RUNTIME_IMAGE}
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build --chown=65532:65532 /state/ /var/lib/
COPY --from=build /app /app
WORKDIR /app
ENV NODE_ENV=production HEALTH_URL=http://127.0.0.1:8550/healthz
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# For --journal; the one place that it writes to.
VOLUME /var/lib/equipoise
EXPOSE 8545 8550
# Alive, not ready: without a node there is nothing that a restart of the proxy would mend.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "require('node:http').get(process.env.HEALTH_URL, r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "/app/proxy/bin.ts"]
