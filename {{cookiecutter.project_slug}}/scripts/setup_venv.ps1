# Set the project up with nothing but Python and pip, on Windows (Linux and macOS:
# setup_venv.sh). setup_uv.ps1 does the same, faster.
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup_venv.ps1
#       all that development needs: requirements\dev.txt; with `train` at the end,
#       requirements\train.txt alone.
#   . scripts\setup_venv.ps1
#       (dot-sourced) the same, then activates .venv in this very shell: .venv\Scripts
#       goes first on PATH until you `deactivate`.
#
# .venv gets the exact versions of these files, each checked by its hash, and the project
# itself, editable. What you have installed there besides stays. $env:PYTHON chooses the
# interpreter; otherwise .python-version names the preferred one.

# The block is a scope of its own: dot-sourcing leaves no setting or variable behind.
& {
    $ErrorActionPreference = 'Stop'
    # A failure is seen by $LASTEXITCODE, in every PowerShell.
    $PSNativeCommandUseErrorActionPreference = $false
    $Supported = '>=3.11,<3.14'
    $Files = $(if ($args) { $args } else { 'dev' }) | ForEach-Object { '-r'; "requirements/$_.txt" }
    $Bin = if ($env:OS -eq 'Windows_NT') { 'Scripts' } else { 'bin' }
    $VenvPython = ".venv/$Bin/python"

    function Test-Command([string[]] $Command) { # shows nothing
        $Name, $Arguments = $Command
        $ErrorActionPreference = 'Continue'
        try { & $Name @Arguments 2>&1 | Out-Null } catch { return $false }
        return $LASTEXITCODE -eq 0
    }
    # Is this a Python that the project runs on? The Microsoft Store's placeholder and
    # pyenv's shims only look like one, and say no by failing.
    function Test-Python([string[]] $Command) {
        Test-Command ($Command + @(
                '-c', 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'))
    }

    Push-Location (Split-Path -Parent $PSScriptRoot)
    try {
        if (-not (Test-Python $VenvPython)) {
            if ((Test-Path '.venv') -and -not (Test-Path '.venv/pyvenv.cfg')) {
                throw '.venv is no virtual environment; move it away'
            }
            if (Test-Path '.venv') { Remove-Item -Recurse -Force '.venv' }
            $Preferred = (Get-Content -Path '.python-version' -TotalCount 1).Trim()
            # Windows' own installer puts no python3.12 on PATH, but the launcher: py -3.12.
            $Candidates = @("python$Preferred"), @('py', "-$Preferred"), @('py', '-3.13'),
            @('py', '-3.12'), @('py', '-3.11'), @('python3'), @('python')
            if ($env:PYTHON) { $Candidates = , @($env:PYTHON) + $Candidates }
            foreach ($Candidate in $Candidates) {
                if (-not (Test-Python $Candidate)) { continue }
                if (Test-Command ($Candidate + @('-m', 'venv', '.venv'))) { break }
                throw "$Candidate cannot make a virtual environment"
            }
            if (-not (Test-Python $VenvPython)) {
                throw "no Python $Supported on PATH; install one, or set `$env:PYTHON to its path"
            }
        }
        # An environment that uv made has no pip.
        if (-not (Test-Command @($VenvPython, '-m', 'pip', '--version'))) {
            & $VenvPython -m ensurepip | Out-Null
        }
        # What builds packages comes first, by hash too: in isolation, pip would fetch
        # whatever a package without a wheel asks for.
        Write-Host "installing $Files into .venv ($(& $VenvPython --version)); this takes minutes"
        $Install = '-m', 'pip', '--disable-pip-version-check', '--quiet', 'install', '--no-user'
        & $VenvPython @Install --require-hashes -r requirements/build.txt
        if (-not $LASTEXITCODE) { & $VenvPython @Install --require-hashes --no-build-isolation @Files }
        if (-not $LASTEXITCODE) { & $VenvPython @Install --no-deps --no-build-isolation --editable . }
        if ($LASTEXITCODE) { throw 'the packages could not be installed; pip says why above' }
        Write-Host "ready: .venv/$Bin/{{ cookiecutter.project_slug }} --help"
    }
    finally { Pop-Location }
} @args

# Dot-sourced: activate in the caller's shell.
if ($MyInvocation.InvocationName -eq '.') {
    . (Get-Item "$PSScriptRoot/../.venv/*/activate.ps1")
}
