# Set the project up with mamba, conda or micromamba, on Windows (Linux and macOS:
# setup_conda.sh).
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup_conda.ps1
#       makes or updates the environment that environment.yml names. A program cannot
#       change the shell that started it, so nothing goes on your PATH until you activate.
#   . scripts\setup_conda.ps1
#       (dot-sourced) the same, then activates the environment in this very shell: its
#       folders go first on PATH. It needs a shell that `conda init powershell` prepared.
#
# conda brings Python and pip. Everything else is what the other set-ups install too: the
# exact versions in requirements/dev.txt, each checked by its hash, and the project itself,
# editable.

# The block is a scope of its own: dot-sourcing leaves no setting or variable behind.
& {
    $ErrorActionPreference = 'Stop'
    # A program that fails is looked at through $LASTEXITCODE, in every PowerShell.
    $PSNativeCommandUseErrorActionPreference = $false
    $Name = '{{ cookiecutter.project_slug }}'

    # mamba first: it resolves faster. The functions that `conda init` defines do not reach
    # a script that is run, but they leave the programs' paths in the environment.
    function Find-Conda {
        $Candidates = @('mamba', 'conda', $env:CONDA_EXE, 'micromamba', $env:MAMBA_EXE) |
            Where-Object { $_ }
        foreach ($Candidate in $Candidates) {
            $Found = Get-Command -Name $Candidate -CommandType Application -ErrorAction SilentlyContinue |
                Select-Object -First 1
            if ($Found) { return $Found.Source }
        }
        throw 'no mamba, conda or micromamba on PATH; install one, or use setup_uv.ps1'
    }

    function Test-Environment([string] $Conda) {
        $ErrorActionPreference = 'Continue'
        & $Conda run --name $Name python --version 2>&1 | Out-Null
        return $LASTEXITCODE -eq 0
    }

    Push-Location (Split-Path -Parent $PSScriptRoot)
    $Answers = $env:CONDA_ALWAYS_YES, $env:MAMBA_ALWAYS_YES
    try {
        # Ask nothing: not every version of each tool has --yes here, but all read these.
        $env:CONDA_ALWAYS_YES = 'true'
        $env:MAMBA_ALWAYS_YES = 'true'
        $Conda = Find-Conda
        # `update` would do for a new environment too, but not in every version of each tool.
        $Action = if (Test-Environment $Conda) { 'update' } else { 'create' }
        Write-Host "$Conda env ${Action}: environment $Name"
        & $Conda env $Action --name $Name --file environment.yml
        if ($LASTEXITCODE) { throw "the environment could not be made; $Conda says why above" }
        # What builds packages comes first, by hash too: in isolation, pip would fetch
        # whatever a package without a wheel asks for. `conda env` cannot do that: it calls
        # pip once.
        Write-Host 'installing requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }}; this takes a few minutes'
        & $Conda run --name $Name python -m pip --quiet install `
            --require-hashes -r requirements/build.txt
        if ($LASTEXITCODE) { throw 'the build requirements could not be installed; pip says why above' }
        & $Conda run --name $Name python -m pip --quiet install `
            --require-hashes --no-build-isolation -r requirements/dev.txt{{ ' -r requirements/tracking.txt' if 'track' in cookiecutter.__extras }}
        if ($LASTEXITCODE) { throw 'the requirements could not be installed; pip says why above' }
        & $Conda run --name $Name python -m pip --quiet install `
            --no-deps --no-build-isolation --editable .
        if ($LASTEXITCODE) { throw 'the project could not be installed; pip says why above' }
        Write-Host "ready: activate $Name, then {{ cookiecutter.project_slug }} --help"
    }
    finally {
        $env:CONDA_ALWAYS_YES, $env:MAMBA_ALWAYS_YES = $Answers
        Pop-Location
    }
}

# Dot-sourced: activate in the caller's shell, with the function that `conda init` defined.
if ($MyInvocation.InvocationName -eq '.') {
    if (Get-Command -Name 'conda' -ErrorAction SilentlyContinue) {
        conda activate '{{ cookiecutter.project_slug }}'
    }
    elseif (Get-Command -Name 'mamba' -ErrorAction SilentlyContinue) {
        mamba activate '{{ cookiecutter.project_slug }}'
    }
    else {
        micromamba activate '{{ cookiecutter.project_slug }}'
    }
}
