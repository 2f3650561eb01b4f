# enrich in a container; continuous integration does not build it.
#
#     docker build -t enrich .
#     docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/notes" enrich run
#
# For a cluster, or a cache on PostgreSQL: --build-arg EXTRAS=[dask], or [postgres].
#
# The notes are mounted at /notes, where cache/ and reports/ are made too: the user must be able to write there.
# For --git-dates, git has to be added to the second stage.

FROM python:3.12-slim AS build
ARG EXTRAS=
COPY . /source
RUN python -m venv /opt/enrich && /opt/enrich/bin/pip install --no-cache-dir --disable-pip-version-check "/source$EXTRAS"

FROM python:3.12-slim
COPY --from=build /opt/enrich /opt/enrich
USER 65534:65534
WORKDIR /notes
ENTRYPOINT ["/opt/enrich/bin/enrich"]
