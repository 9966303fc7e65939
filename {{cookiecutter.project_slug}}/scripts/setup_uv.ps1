# Set the project up with uv, on Windows (Linux and macOS: setup_uv.sh).
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup_uv.ps1
#       all that development needs: requirements\dev.txt; with `train` at the end,
#       requirements\train.txt alone.
#   . scripts\setup_uv.ps1
#       (dot-sourced) the same, then activates .venv in this very shell: .venv\Scripts
#       goes first on PATH until you `deactivate`.
#
# .venv gets the exact versions of these files, checked by hash, and the project itself,
# editable; what else is there stays. uv is taken from PATH, or a pinned one is put into
# .uv. $env:PYTHON chooses the interpreter; .python-version names the preferred one.

# The block is a scope of its own: dot-sourcing leaves no setting or variable behind.
& {
    $ErrorActionPreference = 'Stop'
    # A failure is seen by $LASTEXITCODE, in every PowerShell.
    $PSNativeCommandUseErrorActionPreference = $false
    $Supported = '>=3.11,<3.14'
    $Files = $(if ($args) { $args } else { 'dev' }) | ForEach-Object { '-r'; "requirements/$_.txt" }
    $Bin = if ($env:OS -eq 'Windows_NT') { 'Scripts' } else { 'bin' }
    $VenvPython = ".venv/$Bin/python"

    function Test-Command([string] $Name, [string[]] $Arguments) { # shows nothing
        $ErrorActionPreference = 'Continue'
        try { & $Name @Arguments 2>&1 | Out-Null } catch { return $false }
        return $LASTEXITCODE -eq 0
    }
    function Test-Venv {
        Test-Command $VenvPython @(
            '-c', 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))')
    }
    Push-Location (Split-Path -Parent $PSScriptRoot)
    try {
        $Preferred = (Get-Content -Path '.python-version' -TotalCount 1).Trim()
        # The uv inside .venv is passed over: it cannot replace itself while it runs.
        $Uv = (Get-Command -Name 'uv' -CommandType Application -All -ErrorAction Ignore |
            Where-Object { -not $_.Source.StartsWith((Join-Path $PWD '.venv')) }).Source |
            Select-Object -First 1
        if (-not $Uv) { $Uv = ".uv/$Bin/uv" }
        if (-not (Test-Command $Uv @('--version'))) {
            Write-Host 'no uv on PATH: installing one into .uv'
            & $(if ($env:PYTHON) { $env:PYTHON } else { 'python' }) -m venv --clear .uv
            & ".uv/$Bin/python" -m pip --disable-pip-version-check --quiet install --no-user `
                --require-hashes -r requirements/uv.txt
            if ($LASTEXITCODE) { throw 'no uv; install it yourself, or use setup_venv.ps1' }
        }
        if (-not (Test-Venv)) {
            if ((Test-Path '.venv') -and -not (Test-Path '.venv/pyvenv.cfg')) {
                throw '.venv is no virtual environment; move it away'
            }
            if (Test-Path '.venv') { Remove-Item -Recurse -Force '.venv' }
            # The preferred one, from here or from a download; otherwise any that is here.
            $Wanted = if ($env:PYTHON) { $env:PYTHON } else { $Preferred }
            if (-not (Test-Command $Uv @('venv', '--python', $Wanted, '.venv'))) {
                if ($env:PYTHON) { throw "PYTHON=$env:PYTHON is no Python $Supported" }
                & $Uv venv --quiet --no-python-downloads --python $Supported .venv
                if ($LASTEXITCODE) { throw "no Python $Supported, here or to be downloaded" }
                Write-Host "Python $Preferred is neither here nor to be downloaded"
            }
            if (-not (Test-Venv)) { throw "$(& $VenvPython --version) is not $Supported" }
        }
        # What builds packages comes first, by hash too: in isolation, uv would fetch
        # whatever a package without a wheel asks for.
        Write-Host "installing $Files into .venv ($(& $VenvPython --version))"
        $Install = 'pip', 'install', '--quiet', '--python', $VenvPython
        & $Uv @Install --require-hashes -r requirements/build.txt
        if (-not $LASTEXITCODE) { & $Uv @Install --require-hashes --no-build-isolation @Files }
        if (-not $LASTEXITCODE) { & $Uv @Install --no-deps --no-build-isolation --editable . }
        if ($LASTEXITCODE) { throw 'the packages could not be installed; uv says why above' }
        Write-Host "ready: .venv/$Bin/{{ cookiecutter.project_slug }} --help"
    }
    finally { Pop-Location }
} @args

# Dot-sourced: activate in the caller's shell.
if ($MyInvocation.InvocationName -eq '.') {
    . (Get-Item "$PSScriptRoot/../.venv/*/activate.ps1")
}
