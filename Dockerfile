# Palate in a container: the CPU build of torch by default, `--build-arg TORCH=cu130` for NVIDIA cards.
#
#     docker build --tag palate .
#     docker run --interactive --tty --volume palate:/data palate
#
#     docker build --build-arg TORCH=cu130 --tag palate:cuda .
#     docker run --interactive --tty --gpus all --volume palate:/data palate:cuda
FROM python:3.13-slim AS build
ARG TORCH=cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/palate
WORKDIR /src
COPY constraints.txt ./
RUN version=$(sed -n 's/^torch==//p' constraints.txt) \
    && /opt/palate/bin/pip install "torch==${version}" --index-url "https://download.pytorch.org/whl/${TORCH}"
COPY pyproject.toml README.md LICENSE ./
COPY adapters adapters
COPY db db
COPY engine engine
COPY tui tui
RUN /opt/palate/bin/pip install --constraint constraints.txt .

FROM python:3.13-slim
# g++ compiles the element-wise work of training; a pager, an editor and tmux are what a terminal needs.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ less nano tmux \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 palate \
    && install --directory --owner palate /data
COPY --from=build /opt/palate /opt/palate
ENV PATH=/opt/palate/bin:$PATH XDG_DATA_HOME=/data XDG_CACHE_HOME=/data/cache HF_HOME=/data/hub LANG=C.UTF-8
USER 1000
WORKDIR /data
VOLUME /data
ENTRYPOINT ["palate"]
