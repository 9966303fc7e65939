# Set the project up with nothing but Python and pip, on Windows (Linux and macOS:
# setup_venv.sh). setup_uv.ps1 does the same, faster.
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup_venv.ps1
#       makes the environment .venv. A program cannot change the shell that started it, so
#       nothing goes on your PATH: use .venv\Scripts\NAME, such as .venv\Scripts\poe.
#   . scripts\setup_venv.ps1
#       (dot-sourced) the same, then activates .venv in this very shell: .venv\Scripts
#       goes first on PATH until you `deactivate`.
#
# Installed are the exact versions in requirements/dev.txt, each checked by its hash, and
# the project itself, editable. $env:PYTHON chooses the interpreter; otherwise
# .python-version names the preferred one.

# The block is a scope of its own: dot-sourcing leaves no setting or variable behind.
& {
    $ErrorActionPreference = 'Stop'
    # A program that fails is looked at through $LASTEXITCODE, in every PowerShell.
    $PSNativeCommandUseErrorActionPreference = $false
    $Root = Split-Path -Parent $PSScriptRoot
    $Supported = '>=3.11,<3.14'

    # Run a command line; say whether it worked, and show nothing.
    function Test-Command([string[]] $Command) {
        $Name, $Arguments = $Command
        if (-not (Get-Command -Name $Name -CommandType Application -ErrorAction SilentlyContinue)) {
            return $false
        }
        $ErrorActionPreference = 'Continue'
        & $Name @Arguments 2>&1 | Out-Null
        return $LASTEXITCODE -eq 0
    }

    # Is this a Python that the project runs on? The Microsoft Store's placeholder and
    # pyenv's shims only look like one, and say no by failing. Windows' own installer
    # puts no python3.12 on PATH, but the launcher: py -3.12.
    function Test-Python([string[]] $Command) {
        return Test-Command ($Command + @(
                '-c', 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'))
    }

    function New-Venv([string] $Preferred) {
        $Candidates = @(@("python$Preferred"), @('py', "-$Preferred"), @('python3.13'),
            @('python3.12'), @('python3.11'), @('py', '-3.13'), @('py', '-3.12'),
            @('py', '-3.11'), @('python3'), @('python'))
        if ($env:PYTHON) { $Candidates = , @($env:PYTHON) + $Candidates }
        foreach ($Candidate in $Candidates) {
            if (-not (Test-Python $Candidate)) { continue }
            if (-not (Test-Command ($Candidate + @('-m', 'venv', '.venv')))) {
                throw "$Candidate cannot make a virtual environment"
            }
            $Version = & $VenvPython --version
            if (-not $env:PYTHON -and -not $Version.StartsWith("Python $Preferred.")) {
                Write-Host "Python $Preferred is not here: using $Version"
            }
            return
        }
        throw "no Python $Supported on PATH; install one, or set `$env:PYTHON to its path"
    }

    Push-Location $Root
    try {
        $Preferred = (Get-Content -Path '.python-version' -TotalCount 1).Trim()
        $VenvPython = Join-Path $Root '.venv/bin/python'
        if ($env:OS -eq 'Windows_NT') { $VenvPython = Join-Path $Root '.venv\Scripts\python.exe' }

        if (-not (Test-Python $VenvPython)) {
            if (Test-Path '.venv/pyvenv.cfg') {
                Write-Host "replacing .venv: its Python is gone or not $Supported"
                Remove-Item -Recurse -Force '.venv'
            }
            elseif (Test-Path '.venv') {
                throw '.venv is no virtual environment; move it away'
            }
            New-Venv $Preferred
        }

        # An environment that uv made has no pip.
        if (-not (Test-Command @($VenvPython, '-m', 'pip', '--version'))) {
            & $VenvPython -m ensurepip | Out-Null
            if ($LASTEXITCODE) { throw 'pip could not be put into .venv; remove .venv and try again' }
        }

        Write-Host "installing requirements/dev.txt{{ ' requirements/tracking.txt' if 'track' in cookiecutter.__extras }} into .venv ($(& $VenvPython --version)); this takes a few minutes"
        # What builds packages comes first, by hash too: in isolation, pip would fetch
        # whatever a package without a wheel asks for.
        & $VenvPython -m pip --disable-pip-version-check --quiet install `
            --require-hashes -r requirements/build.txt
        if ($LASTEXITCODE) { throw 'the build requirements could not be installed; pip says why above' }
        & $VenvPython -m pip --disable-pip-version-check --quiet install `
            --require-hashes --no-build-isolation -r requirements/dev.txt{{ ' -r requirements/tracking.txt' if 'track' in cookiecutter.__extras }}
        if ($LASTEXITCODE) { throw 'the requirements could not be installed; pip says why above' }
        & $VenvPython -m pip --disable-pip-version-check --quiet install `
            --no-deps --no-build-isolation --editable .
        if ($LASTEXITCODE) { throw 'the project could not be installed; pip says why above' }
        Write-Host 'ready: .venv\Scripts\{{ cookiecutter.project_slug }} --help'
    }
    finally {
        Pop-Location
    }
}

# Dot-sourced: activate in the caller's shell.
if ($MyInvocation.InvocationName -eq '.') {
    $SetupBin = if ($env:OS -eq 'Windows_NT') { 'Scripts' } else { 'bin' }
    . (Join-Path (Split-Path -Parent $PSScriptRoot) ".venv/$SetupBin/Activate.ps1")
    Remove-Variable -Name SetupBin
}
