"""Names that mean something else already; checks.py refuses them.

What the project installs has its hashes in templates/requirements/hashes.txt.
"""

# Modules of Python 3.11, 3.12 or 3.13 that the running Python may not have itself.
STDLIB_ELSEWHERE = frozenset(
    "aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 "
    "mailcap msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib "
    "tomllib uu xdrlib".split()
)
# Folders and files of the generated project, and names that Python itself looks for.
TAKEN = frozenset(
    "build configs conftest data deploy dist docs explain explore gates graphs logs "
    "models notebooks reports requirements samples scripts setup sitecustomize src "
    "test tests train usercustomize".split()
)
# Import names that are not the distribution's own name with "_" for "-".
IMPORT_NAMES = """
    absl-py=absl argon2-cffi=argon2 attrs=attr beautifulsoup4=bs4 gitpython=git
    databricks-sdk=databricks google-auth=google google-pasta=pasta graphql-core=graphql
    griffelib=griffe grpcio=grpc jupyter-core=jupyter libclang=clang
    markdown-it-py=markdown_it matplotlib=mpl_toolkits matplotlib=pylab
    mkdocs-material=material mkdocstrings-python=mkdocstrings_handlers
    opentelemetry-api=opentelemetry pillow=pil protobuf=google
    pymdown-extensions=pymdownx pytest=py python-dateutil=dateutil python-dotenv=dotenv
    python-json-logger=pythonjsonlogger pywinpty=winpty pyyaml=yaml
    pyyaml-env-tag=yaml_env_tag pyzmq=zmq rpds-py=rpds scikit-image=skimage
    scikit-learn=sklearn setuptools=pkg_resources tensorflow-cpu=tensorflow
    websocket-client=websocket
""".split()

# A project's command is called like its folder, and an active environment comes first
# on the PATH: "python" would replace the environment's own, "git" everybody's git, and
# instead of "test" the shell would run its own.
_SHELL = """
    alias bg bind break builtin caller case cd command compgen complete compopt
    continue coproc declare dirs disown do done echo elif else enable esac eval exec
    exit export false fc fg fi for function getopts hash help history if in jobs kill
    let local logout mapfile popd printf pushd pwd read readarray readonly return
    select set shift shopt source suspend test then time times trap true type typeset
    ulimit umask unalias unset until wait while
"""
_CALLED = """
    activate apt-get awk bash cat chmod conda cp curl cut date deactivate df dirname
    docker docker-compose env expand find git grep head hub install java kubectl
    kustomize ls make mamba micromamba mkdir mv node npm nvidia-smi openssl pip3
    pwsh python python3 rm rsync scp sed sh shellcheck sort ssh sudo systemctl tail
    tar tee touch tr uname wget xargs
"""
# What the packages of an environment install beside the programs of their own name.
_INSTALLED = """
    backend-test-tools blackd cffi-gen-src chardetect check-model check-node coverage3
    cyclonedx-py detect-secrets-hook dmypy doesitcache dotenv f2py fab gunicornc hf
    huey_consumer huggingface-cli identify-cli imageio_download_bin imageio_remove_bin
    inv ipython3 isort-identify-imports isympy jlpm jupyter lsm2bin mako-render
    markdown-it markdown_py mypyc normalizer numpy-config onnxruntime_test poe pybabel
    pyftmerge pyftsubset pygmentize saved_model_cli serve sqlformat stubgen stubtest
    tf_upgrade_v2 tflite_convert tiff2fsspec tiffcomment tiny-agents toco
    torch-model-archiver torchfrtrace torchrun ttx tune uvx watchmedo wsdump
"""
PROGRAMS = frozenset(f"{_SHELL} {_CALLED} {_INSTALLED}".split())
