# For NVIDIA hosts with the NVIDIA Container Toolkit; also runs on a CPU. contrib/compose.yaml starts it with its volumes.
# docker build -t criar .
# docker run --gpus all --restart unless-stopped --stop-timeout 60 -e DISCORD_TOKEN -v criar:/data -v models:/models criar
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 1000 criar \
    && mkdir /data /models \
    && chown criar:criar /data /models

WORKDIR /app

# Dependencies change rarely, so they get their own layer. torch from PyPI brings its CUDA libraries along. Only packages
# that the bot needs at run time are installed, in the versions of requirements.lock.
COPY requirements.lock pyproject.toml ./
COPY contrib/run_time_requirements.py contrib/
RUN pip install --no-cache-dir torch==2.13.0 \
    && python contrib/run_time_requirements.py requirements.lock > /tmp/constraints.txt \
    && python contrib/run_time_requirements.py --names pyproject.toml > /tmp/names.txt \
    && pip install --no-cache-dir --constraint /tmp/constraints.txt --requirement /tmp/names.txt \
    && rm /tmp/constraints.txt /tmp/names.txt

COPY README.md LICENSE NOTICE config.example.toml ./
COPY bot bot
COPY generation generation
RUN pip install --no-cache-dir "setuptools>=77" \
    && pip install --no-cache-dir --no-deps --no-build-isolation .

USER 1000
# Every command reads /data/config.toml, if it is there; "criar init" writes it. Its folder "data" is /data/data.
WORKDIR /data
VOLUME ["/data", "/models"]
ENV PYTHONUNBUFFERED=1 \
    HF_HOME=/models

HEALTHCHECK --interval=30s --timeout=30s --start-period=300s CMD ["criar", "health"]

ENTRYPOINT ["criar"]
CMD ["run"]
