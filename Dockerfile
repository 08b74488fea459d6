# One image for every role: control plane, metadata service, Celery worker and beat differ in their command alone.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY requirements.lock requirements-build.lock ./
# What builds stays here: no pip and no hatchling in the image.
RUN python -m venv --without-pip /opt/baremint \
 && pip --python /opt/baremint install --no-cache-dir --require-hashes -r requirements.lock \
 && pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && pip --python /opt/baremint install --no-cache-dir --no-deps /wheel/*.whl

FROM python:3.11-slim-bookworm
COPY --from=build /opt/baremint /opt/baremint
RUN groupadd --system --gid 10001 baremint \
 && useradd --system --uid 10001 --gid 10001 --no-create-home baremint \
 && install --directory --owner baremint --mode 0700 /var/lib/baremint
ENV PATH=/opt/baremint/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BAREMINT_HOME=/var/lib/baremint
USER baremint
VOLUME /var/lib/baremint
ENTRYPOINT ["baremint"]
CMD ["help"]
