# Set the project up with uv, on Windows (Linux and macOS: setup_uv.sh).
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup_uv.ps1
#       makes the environment .venv. A program cannot change the shell that started it, so
#       nothing goes on your PATH: use .venv\Scripts\NAME, such as .venv\Scripts\poe.
#   . scripts\setup_uv.ps1
#       (dot-sourced) the same, then activates .venv in this very shell: .venv\Scripts
#       goes first on PATH until you `deactivate`.
#
# Installed are the exact versions in requirements/dev.txt, each checked by its hash, and
# the project itself, editable. uv is taken from PATH; where there is none, a pinned one
# is put into .uv, not into your home. $env:PYTHON chooses the interpreter; otherwise
# .python-version names the preferred one.

# The block is a scope of its own: dot-sourcing leaves no setting or variable behind.
& {
    $ErrorActionPreference = 'Stop'
    # A program that fails is looked at through $LASTEXITCODE, in every PowerShell.
    $PSNativeCommandUseErrorActionPreference = $false
    $Root = Split-Path -Parent $PSScriptRoot
    $Supported = '>=3.11,<3.14'

    # Is $Name a Python that the project runs on? The Microsoft Store's placeholder and
    # pyenv's shims only look like one, and say no by failing.
    function Test-Python([string] $Name) {
        if (-not (Get-Command -Name $Name -CommandType Application -ErrorAction SilentlyContinue)) {
            return $false
        }
        $ErrorActionPreference = 'Continue'
        & $Name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>&1 |
            Out-Null
        return $LASTEXITCODE -eq 0
    }

    function Find-Python([string] $Preferred) {
        $Names = @($env:PYTHON, "python$Preferred", 'python3.13', 'python3.12', 'python3.11',
            'python3', 'python') | Where-Object { $_ }
        foreach ($Name in $Names) {
            if (Test-Python $Name) { return $Name }
        }
        throw "no Python $Supported on PATH; install one, or set `$env:PYTHON to its path"
    }

    # Where programs are in a virtual environment: Scripts on Windows, bin elsewhere.
    function Get-Program([string] $Venv, [string] $Name) {
        if ($env:OS -eq 'Windows_NT') { return Join-Path $Root "$Venv\Scripts\$Name.exe" }
        return Join-Path $Root "$Venv/bin/$Name"
    }

    # The uv inside .venv is passed over: it cannot replace itself while it runs.
    function Find-Uv {
        $Inside = Get-Program '.venv' 'uv'
        $Found = Get-Command -Name 'uv' -CommandType Application -All -ErrorAction SilentlyContinue |
            Where-Object { $_.Source -ne $Inside } | Select-Object -First 1
        if ($Found) { return $Found.Source }
        return Get-Program '.uv' 'uv'
    }

    function Install-Uv([string] $Preferred) {
        $Python = Find-Python $Preferred
        Write-Host 'no uv on PATH: installing one into .uv'
        & $Python -m venv --clear .uv
        if ($LASTEXITCODE) { throw "$Python cannot make a virtual environment" }
        & (Get-Program '.uv' 'python') -m pip --disable-pip-version-check --quiet install `
            --require-hashes -r requirements/uv.txt
        if ($LASTEXITCODE) { throw 'uv could not be installed; install it yourself, or use setup_venv.ps1' }
    }

    # Make .venv with the given options; say whether that worked, not why it did not.
    function Test-NewVenv([string[]] $Options) {
        $ErrorActionPreference = 'Continue'
        & $Uv venv --quiet @Options .venv 2>&1 | Out-Null
        return $LASTEXITCODE -eq 0
    }

    # First what is installed, then a download of the preferred version, then any other
    # version that is supported.
    function New-Venv([string] $Preferred) {
        if ($env:PYTHON) {
            if (Test-NewVenv @('--no-python-downloads', '--python', $env:PYTHON)) { return }
            throw "PYTHON=$env:PYTHON is no Python to build on"
        }
        if (Test-NewVenv @('--no-python-downloads', '--python', $Preferred)) { return }
        if (Test-NewVenv @('--managed-python', '--python', $Preferred)) { return }
        if (-not (Test-NewVenv @('--no-python-downloads', '--python', $Supported))) {
            throw "no Python $Supported here, nor to be downloaded; install one, or set `$env:PYTHON to its path"
        }
        Write-Host "Python $Preferred is neither here nor to be downloaded: using $(& $VenvPython --version)"
    }

    Push-Location $Root
    try {
        $Preferred = (Get-Content -Path '.python-version' -TotalCount 1).Trim()
        $VenvPython = Get-Program '.venv' 'python'
        $Uv = Find-Uv
        if (-not (Test-Path $Uv)) { Install-Uv $Preferred }

        if (-not (Test-Python $VenvPython)) {
            if (Test-Path '.venv/pyvenv.cfg') {
                Write-Host "replacing .venv: its Python is gone or not $Supported"
                Remove-Item -Recurse -Force '.venv'
            }
            elseif (Test-Path '.venv') {
                throw '.venv is no virtual environment; move it away'
            }
            New-Venv $Preferred
            if (-not (Test-Python $VenvPython)) { throw "$(& $VenvPython --version) is not $Supported" }
        }

        Write-Host "installing requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }} into .venv ($(& $VenvPython --version))"
        # What builds packages comes first, by hash too: in isolation, uv would fetch whatever
        # a package without a wheel asks for.
        & $Uv pip install --quiet --python $VenvPython --require-hashes -r requirements/build.txt
        if ($LASTEXITCODE) { throw 'the build requirements could not be installed; uv says why above' }
        & $Uv pip sync --quiet --compile-bytecode --python $VenvPython --require-hashes `
            --no-build-isolation requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }}
        if ($LASTEXITCODE) { throw 'the requirements could not be installed; uv says why above' }
        & $Uv pip install --quiet --python $VenvPython --no-deps --no-build-isolation --editable .
        if ($LASTEXITCODE) { throw 'the project could not be installed; uv says why above' }
        Write-Host 'ready: .venv\Scripts\{{ cookiecutter.project_slug }} --help'
    }
    finally {
        Pop-Location
    }
}

# Dot-sourced: activate in the caller's shell.
if ($MyInvocation.InvocationName -eq '.') {
    $SetupBin = if ($env:OS -eq 'Windows_NT') { 'Scripts' } else { 'bin' }
    . (Join-Path (Split-Path -Parent $PSScriptRoot) ".venv/$SetupBin/activate.ps1")
    Remove-Variable -Name SetupBin
}
