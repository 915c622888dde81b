# The action's image. Two stages: what builds (uv, hatchling) stays behind. The base is named by the digest of all its
# platforms, on both stages the same; Dependabot brings the next one.
FROM python:3.12-slim-bookworm@sha256:34386ef0cb081344d7ec1c103ba398e6e9f64e9ab3a1509accc92a4e24a07258 AS build

COPY requirements/uv.txt requirements/build.txt requirements/image.txt /build/requirements/
COPY scripts/slim_image.py /build/scripts/
# Not uv's --compile-bytecode: it compiles the packages' own tests too, over half of the time for 58 MB nobody imports.
RUN python -m venv /tools \
 && /tools/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
      -r /build/requirements/uv.txt -r /build/requirements/build.txt \
 && /tools/bin/uv venv --python /usr/local/bin/python3 /opt/promoter \
 && /tools/bin/uv pip install --no-cache --python /opt/promoter/bin/python \
      --require-hashes --only-binary :all: -r /build/requirements/image.txt \
 && /tools/bin/python -I /build/scripts/slim_image.py /opt/promoter/lib/python3.12/site-packages \
 && /opt/promoter/bin/python -I -m compileall -q -j 0 -x '/tests/' /opt/promoter/lib

COPY pyproject.toml README.md LICENSE /build/
COPY src /build/src
RUN /tools/bin/uv build --no-cache --wheel --no-build-isolation --python /tools/bin/python /build \
 && /tools/bin/uv pip install --no-cache --python /opt/promoter/bin/python --compile-bytecode --no-deps \
      /build/dist/*.whl

FROM python:3.12-slim-bookworm@sha256:34386ef0cb081344d7ec1c103ba398e6e9f64e9ab3a1509accc92a4e24a07258

LABEL org.opencontainers.image.title="Promoter" \
      org.opencontainers.image.description="Promote MLflow models by pull request" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=build /opt/promoter /opt/promoter

# PYTHONSAFEPATH: the working directory is the user's workspace, which must never be imported from. It is for whoever
# starts Python here by hand; the action itself is isolated below, where no variable can undo it.
ENV PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    MLFLOW_DISABLE_TELEMETRY=true

# -I: a workflow's own PYTHONPATH reaches this container, and `.` in it would be the workspace. -u: -I ignores
# PYTHONUNBUFFERED too. No USER and no WORKDIR: the runner sets the working directory, and only root can write its
# output files.
ENTRYPOINT ["/opt/promoter/bin/python", "-I", "-u", "/opt/promoter/bin/promoter", "action"]
