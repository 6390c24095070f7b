# docker build -t carillon .
# docker run -p 30000:30000 -p 30010:30010 -v carillon:/data carillon
#
# deploy/ has what runs it as a cluster.

ARG GO_VERSION=1.26.8

FROM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    make build VERSION="${VERSION}"
# What an image from scratch does not have: a folder for data, one for temporary files, and a user.
RUN mkdir -p /root-of-image/data /root-of-image/tmp /root-of-image/etc \
    && chown 10001:10001 /root-of-image/data \
    && chmod 1777 /root-of-image/tmp \
    && echo 'carillon:x:10001:10001::/data:/' > /root-of-image/etc/passwd

FROM scratch
COPY --from=build /root-of-image/ /
# Callbacks to https addresses are checked against these. The time zones are inside the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/bin/carillon /carillon
USER 10001:10001
ENV CARILLON_DATA=/data
VOLUME /data
EXPOSE 30000 30010
# There is no HEALTHCHECK: the same image is a worker, which listens nowhere. For a master it is ["/carillon", "ready"].
ENTRYPOINT ["/carillon"]
CMD ["serve"]
