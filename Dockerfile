# docker build --tag gan . && docker run --rm --gpus all --volume "$PWD:/work" gan translate --help
#
# The extras video and heif contain x264 and x265 (GPL): an image that is passed on falls under it (docs/security.md).
# Without a GPU leave --gpus out. Pictures, runs and datasets are below /work; nothing else is written but caches.
FROM python:3.11-slim
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY gan gan
COPY configs configs
RUN pip install --no-cache-dir --constraint constraints.txt '.[export,heif,metrics,serve,video]'
WORKDIR /work
ENTRYPOINT ["gan"]
CMD ["--help"]
