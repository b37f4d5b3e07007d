# For NVIDIA hosts with the NVIDIA Container Toolkit; also runs on a CPU.
# docker build -t criar . && docker run --gpus all -e DISCORD_TOKEN -v criar:/data criar
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 1000 criar \
    && mkdir /data \
    && chown criar:criar /data

WORKDIR /app

# Dependencies change rarely, so they get their own layer. torch from PyPI brings its CUDA libraries along.
COPY requirements.lock ./
RUN pip install --no-cache-dir torch==2.13.0 \
    && pip install --no-cache-dir --requirement requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE config.example.toml ./
COPY bot bot
COPY generation generation
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER 1000
# The configured folder "data" is /data/data; put a config.toml into the volume to change settings.
WORKDIR /data
VOLUME /data
ENV PYTHONUNBUFFERED=1

HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["criar", "health"]

ENTRYPOINT ["criar"]
CMD ["run"]
