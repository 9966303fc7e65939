# The server's image with one version of the model in it: nothing to mount or to download.
# What was tested is what runs, and going back to an older model is an older tag.
#
#   docker build -f deploy/with_model.Dockerfile --build-arg VERSION=3 \
#       -t {{ cookiecutter.project_slug }}:model-3 models/model
#
# The last argument is the folder of all versions; only the one that is named gets in.
ARG IMAGE={{ cookiecutter.project_slug }}
FROM ${IMAGE}
ARG VERSION
COPY --chown=10001:0 ${VERSION} /app/models/model/${VERSION}
