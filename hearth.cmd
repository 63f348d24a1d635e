@echo off
rem Builds what is missing and runs Hearth on a JDK 25, whatever Java "mvn" itself runs on.
rem HEARTH_JVM_OPTIONS: more options for the JVM.
setlocal enabledelayedexpansion
set "HOME_DIR=%~dp0"
set "JDK="
for %%D in ("%HEARTH_JAVA_HOME%" "%JAVA_HOME%") do if not defined JDK call :try "%%~D"
for /d %%D in ("%ProgramFiles%\Eclipse Adoptium\*" "%ProgramFiles%\Java\*" "%ProgramFiles%\Zulu\*" "%ProgramFiles%\BellSoft\*" "%ProgramFiles%\Microsoft\jdk*" "%ProgramFiles%\Amazon Corretto\*" "%USERPROFILE%\.jdks\*") do if not defined JDK call :try "%%~D"
if not defined JDK (
  echo hearth: no JDK 25 was found; install one ^(for example Temurin 25 from adoptium.net^), or point HEARTH_JAVA_HOME at it. 1>&2
  exit /b 3
)

rem Build when there is nothing yet, or a source is newer than what was built.
set "STAMP=%HOME_DIR%app-ui\target\hearth.built"
set "BUILD="
if not exist "%STAMP%" set "BUILD=yes"
if not defined BUILD (
  powershell -NoProfile -Command "$built = (Get-Item $env:STAMP).LastWriteTime; $sources = 'pom.xml', 'ring-logs\pom.xml', 'server-core\pom.xml', 'app-ui\pom.xml', 'ring-logs\src\main', 'server-core\src\main', 'app-ui\src\main'; foreach ($source in $sources) { if (Get-ChildItem -Recurse -File (Join-Path $env:HOME_DIR $source) | Where-Object LastWriteTime -gt $built | Select-Object -First 1) { exit 1 } }"
  if errorlevel 1 set "BUILD=yes"
)
if defined BUILD (
  where mvn >nul 2>nul || (
    echo hearth: Maven is needed to build Hearth; install it, so that "mvn" is on the path. 1>&2
    exit /b 3
  )
  echo hearth: building ^(the first time this takes a minute or two^) 1>&2
  set "JAVA25_HOME=!JDK!"
  pushd "%HOME_DIR%"
  if exist app-ui\target\lib rmdir /s /q app-ui\target\lib
  call mvn -q -B -ntp -Dmaven.test.skip=true -Dformat.skip -pl app-ui -am package dependency:copy-dependencies@launcher-lib 1>&2
  if errorlevel 1 (
    popd
    exit /b 1
  )
  popd
  echo built> "%STAMP%"
)

rem The panel's program knows every command; the one without loads no JavaFX.
set "MAIN=org.hearth.server.command.Main"
set "FIRST=%~1"
if "%FIRST%"=="" set "MAIN=org.hearth.app.Main"
if "%FIRST%"=="panel" set "MAIN=org.hearth.app.Main"
if "%FIRST:~0,10%"=="--data-dir" set "MAIN=org.hearth.app.Main"
rem Out of memory ends the process: a thread that lost its memory in mid-work must not leave a half-dead server behind.
rem A folder of jars rather than their list: a command line has 8191 characters at most.
"%JDK%\bin\java.exe" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseCompactObjectHeaders -XX:+UseParallelGC -Xms64m -Xmx512m -XX:MaxNewSize=112m -XX:+ExitOnOutOfMemoryError %HEARTH_JVM_OPTIONS% -cp "%HOME_DIR%app-ui\target\app-ui.jar;%HOME_DIR%app-ui\target\lib\*" %MAIN% %*
exit /b %ERRORLEVEL%

:try
if exist "%~1\bin\javac.exe" if exist "%~1\release" for /f "tokens=2 delims==." %%V in ('findstr /b "JAVA_VERSION=" "%~1\release"') do (
  set "VERSION=%%~V"
  set "VERSION=!VERSION:"=!"
  if !VERSION! geq 25 set "JDK=%~1"
)
exit /b 0
