@echo off
rem Builds what is missing and runs Hearth on a JDK 25, whatever Java "mvn" itself runs on.
setlocal enabledelayedexpansion
set "HOME_DIR=%~dp0"
set "JDK="
for %%D in ("%HEARTH_JAVA_HOME%" "%JAVA_HOME%") do if not defined JDK call :try %%D
for /d %%D in ("%ProgramFiles%\Eclipse Adoptium\*" "%ProgramFiles%\Java\*" "%ProgramFiles%\Zulu\*" "%ProgramFiles%\BellSoft\*" "%ProgramFiles%\Amazon Corretto\*" "%USERPROFILE%\.jdks\*") do if not defined JDK call :try "%%~D"
if not defined JDK (
  echo hearth: no JDK 25 was found; install one ^(for example Temurin 25 from adoptium.net^), or point HEARTH_JAVA_HOME at it. 1>&2
  exit /b 3
)
set "CLASSPATH_FILE=%HOME_DIR%app-ui\target\dependencies.classpath"
if not exist "%CLASSPATH_FILE%" (
  echo hearth: building ^(the first time this takes a minute or two^) 1>&2
  pushd "%HOME_DIR%"
  call mvn -q -B -ntp -Dmaven.test.skip=true -Dformat.skip -pl app-ui -am package dependency:build-classpath@launcher || exit /b 1
  popd
)
set /p CP=<"%CLASSPATH_FILE%"
set "MAIN=org.hearth.app.Main"
if not "%~1"=="" if /i not "%~1"=="panel" set "MAIN=org.hearth.server.Main"
"%JDK%\bin\java.exe" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseCompactObjectHeaders -XX:+UseG1GC -XX:G1PeriodicGCInterval=60000 -Xmx512m %HEARTH_JVM_OPTIONS% -cp "%HOME_DIR%app-ui\target\app-ui.jar;!CP!" %MAIN% %*
exit /b %ERRORLEVEL%

:try
if exist "%~1\bin\javac.exe" if exist "%~1\release" for /f "tokens=2 delims==." %%V in ('findstr /b "JAVA_VERSION=" "%~1\release"') do (
  set "VERSION=%%~V"
  set "VERSION=!VERSION:"=!"
  if !VERSION! geq 25 set "JDK=%~1"
)
exit /b 0
