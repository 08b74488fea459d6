# One image for every role: control plane, metadata service, Celery worker and beat differ in their command alone.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY requirements.lock ./
RUN python -m venv /opt/baremint \
 && /opt/baremint/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/baremint/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/baremint /opt/baremint
RUN useradd --system --uid 10001 --no-create-home baremint \
 && install --directory --owner baremint --mode 0700 /var/lib/baremint
ENV PATH=/opt/baremint/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BAREMINT_HOME=/var/lib/baremint
USER baremint
VOLUME /var/lib/baremint
ENTRYPOINT ["baremint"]
CMD ["help"]
