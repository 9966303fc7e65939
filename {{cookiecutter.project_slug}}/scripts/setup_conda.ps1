# Set the project up with mamba, conda or micromamba, on Windows (Linux and macOS:
# setup_conda.sh).
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup_conda.ps1
#       all that development needs: requirements\dev.txt; with `train` at the end,
#       requirements\train.txt alone.
#   . scripts\setup_conda.ps1
#       (dot-sourced) the same, then activates the environment in this very shell: its
#       folders go first on PATH. It needs a shell that `conda init powershell` prepared.
#
# environment.yml names the environment; conda brings Python and pip. Everything else is
# what the other set-ups install too: the exact versions, each checked by its hash, and the
# project itself, editable.

# The block is a scope of its own: dot-sourcing leaves no setting or variable behind.
& {
    $ErrorActionPreference = 'Stop'
    # A failure is seen by $LASTEXITCODE, in every PowerShell.
    $PSNativeCommandUseErrorActionPreference = $false
    $Name = '{{ cookiecutter.project_slug }}'
    $Files = $(if ($args) { $args } else { 'dev' }) | ForEach-Object { '-r'; "requirements/$_.txt" }

    function Test-Environment {
        $ErrorActionPreference = 'Continue'
        & $Conda run --name $Name python --version 2>&1 | Out-Null
        return $LASTEXITCODE -eq 0
    }

    Push-Location (Split-Path -Parent $PSScriptRoot)
    $Answers = $env:CONDA_ALWAYS_YES, $env:MAMBA_ALWAYS_YES
    try {
        # mamba first: it resolves faster. The functions that `conda init` defines do not
        # reach a script that is run, but they leave the programs' paths here.
        $Candidates = @('mamba', 'conda', $env:CONDA_EXE, 'micromamba', $env:MAMBA_EXE) -ne $null
        $Conda = (Get-Command -Name $Candidates -CommandType Application -ErrorAction Ignore).Source |
            Select-Object -First 1
        if (-not $Conda) { throw 'no mamba, conda or micromamba on PATH; install one, or use setup_uv.ps1' }
        # Ask nothing: not every version of each tool has --yes here, but all read these.
        $env:CONDA_ALWAYS_YES = $env:MAMBA_ALWAYS_YES = 'true'
        # `update` would do for a new environment too, but not in every version of each tool.
        $Action = if (Test-Environment) { 'update' } else { 'create' }
        Write-Host "$Conda env ${Action}: environment $Name"
        & $Conda env $Action --name $Name --file environment.yml
        if ($LASTEXITCODE) { throw "the environment could not be made; $Conda says why above" }

        # What builds packages comes first, by hash too: in isolation, pip would fetch
        # whatever a package without a wheel asks for. `conda env` calls pip only once.
        Write-Host "installing $Files; this takes minutes"
        $Install = 'run', '--name', $Name, 'python', '-m', 'pip', '--quiet', 'install', '--no-user'
        & $Conda @Install --require-hashes -r requirements/build.txt
        if (-not $LASTEXITCODE) { & $Conda @Install --require-hashes --no-build-isolation @Files }
        if (-not $LASTEXITCODE) { & $Conda @Install --no-deps --no-build-isolation --editable . }
        if ($LASTEXITCODE) { throw 'the packages could not be installed; pip says why above' }
        Write-Host "ready: activate $Name, then {{ cookiecutter.project_slug }} --help"
    }
    finally {
        $env:CONDA_ALWAYS_YES, $env:MAMBA_ALWAYS_YES = $Answers
        Pop-Location
    }
} @args

# Dot-sourced: activate in the caller's shell, with the function that `conda init` defined.
if ($MyInvocation.InvocationName -eq '.') {
    $Tool = 'conda', 'mamba', 'micromamba' |
        Where-Object { Get-Command -Name $_ -ErrorAction Ignore } | Select-Object -First 1
    & $Tool activate '{{ cookiecutter.project_slug }}'
    Remove-Variable -Name Tool
}
