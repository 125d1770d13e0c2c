# SPDX-License-Identifier: ISC
#
# A static server, as of Go, configured for 8443, on 443; in an image with
# nothing else.  Its context is a directory with the server in it.
FROM scratch
COPY --from=lowport / /
COPY server /
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/lowport", "-p", "443:8443", "--", "/server"]
