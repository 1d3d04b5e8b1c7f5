FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/simple-one-api
COPY setup.py setup.cfg README.md LICENSE wsgi.py ./
COPY app app
COPY config config
COPY providers providers
RUN ["/opt/simple-one-api/bin/pip", "install", "--no-cache-dir", "--disable-pip-version-check", ".[redis]"]

FROM python:3.12-slim
RUN ["useradd", "--system", "--uid", "10001", "--no-create-home", "--shell", "/usr/sbin/nologin", "simple-one-api"]
RUN ["install", "-d", "-o", "10001", "-g", "10001", "-m", "0700", "/var/lib/simple-one-api"]
COPY --from=build /opt/simple-one-api /opt/simple-one-api
ENV PATH=/opt/simple-one-api/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
# Inside, the gateway listens on 9090: leave "server_port" at ":9090" and choose the port outside.
EXPOSE 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9090/healthz', timeout=4)"]
ENTRYPOINT ["simple-one-api"]
# Bind addresses, keys and vendors come from a mounted file; nothing secret is built in.
CMD ["/etc/simple-one-api/config.json"]
