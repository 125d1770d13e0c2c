# SPDX-License-Identifier: ISC
#
# Tomcat as it comes, configured for 8080, on 80.
FROM tomcat:10
COPY --from=lowport / /
USER 1000:1000
ENTRYPOINT ["lowport", "-p", "80:8080", "--"]
CMD ["catalina.sh", "run"]
