@echo off
rem The command of the platform, in a source checkout and in a distribution. All it needs is a JDK 17 or newer.
setlocal EnableExtensions DisableDelayedExpansion
set "home=%~dp0"
if "%home:~-1%"=="\" set "home=%home:~0,-1%"
set "needed=17"

if defined JAVA_HOME (set "java=%JAVA_HOME%\bin\java.exe") else (set "java=java.exe")
"%java%" -version >nul 2>&1
if errorlevel 1 (
  echo hsm: There is no java. Install a JDK %needed% or newer, and put it on the PATH or set JAVA_HOME. 1>&2
  exit /b 1
)
set "version="
for /f "tokens=3" %%v in ('call "%java%" -version 2^>^&1 ^| findstr /c:"version"') do if not defined version set "version=%%~v"
for /f "delims=.-+ tokens=1" %%m in ("%version%") do set "major=%%m"
if %major% LSS %needed% (
  echo hsm: %java% is Java %version%. A JDK %needed% or newer is needed: set JAVA_HOME. 1>&2
  exit /b 1
)

if exist "%home%\bundle\" (
  set "dist=%home%"
  goto run
)
set "dist=%home%\feature-repo\target\dist"
if /i "%~1"=="test" (
  cd /d "%home%"
  call mvnw.cmd -B -ntp verify
  exit /b
)
if /i "%~1"=="new-product" if not "%~2"=="--help" goto newproduct
if /i "%~1"=="bench" goto bench
if /i "%~1"=="fuzz" goto fuzz
if /i "%~1"=="soak" goto soak
call :build feature-repo "%home%\feature-repo\target\repo\index.xml" || exit /b 1
goto run

:newproduct
if "%~2"=="" (
  echo hsm: Say: hsm new-product FOLDER -Dproduct=NAME -Dalg=XX. See hsm new-product --help. 1>&2
  exit /b 1
)
if exist "%~f2" (
  echo hsm: %~2 is there already. Choose another folder. 1>&2
  exit /b 1
)
set "folder=%~f2"
set "parent=%~dp2."
set "name=%~nx2"
for /f "tokens=2,*" %%a in ("%*") do set "options=%%b"
set "version="
for /f "tokens=3 delims=<>" %%v in ('findstr /c:"<version>" "%home%\cnf\pom.xml"') do if not defined version set "version=%%v"
pushd "%home%"
echo hsm: putting API, conformance suite and archetype into the local Maven repository. 1>&2
call mvnw.cmd -q -B -ntp -DskipTests -pl product-support/archetype -am install 1>&2 || goto newproductfailed
call mvnw.cmd -q -B -ntp -N archetype:generate -DarchetypeCatalog=local -DarchetypeGroupId=org.calypsohsm ^
  -DarchetypeArtifactId=org.calypsohsm.product.archetype -DarchetypeVersion=%version% "-DoutputDirectory=%parent%" ^
  -DgroupId=com.example "-DartifactId=%name%" -Dversion=1.0.0 %options% 1>&2 || goto newproductfailed
copy /y mvnw "%folder%" >nul
copy /y mvnw.cmd "%folder%" >nul
xcopy /e /i /q /y .mvn "%folder%\.mvn" >nul
popd
echo Made %folder%: its README.md says how to build, test, sign and deploy it.
exit /b 0

:newproductfailed
popd
echo hsm: The project was not made; see above. 1>&2
exit /b 1

:bench
set "bench=%home%\itest\benchmarks\target"
call :build itest/benchmarks "%bench%\org.calypsohsm.benchmarks.jar" || exit /b 1
for /f "tokens=1,*" %%a in ("%*") do set "options=%%b"
"%java%" -cp "%bench%\org.calypsohsm.benchmarks.jar;%bench%\lib\*" org.calypsohsm.benchmark.BenchmarkRun %options%
exit /b %errorlevel%

:fuzz
set "fuzz=%home%\itest\fuzz\target"
call :build itest/fuzz "%fuzz%\org.calypsohsm.fuzz.jar" || exit /b 1
for /f "tokens=1,*" %%a in ("%*") do set "options=%%b"
"%java%" -cp "%fuzz%\org.calypsohsm.fuzz.jar;%fuzz%\lib\*" org.calypsohsm.fuzz.FuzzRun %options%
exit /b %errorlevel%

:soak
set "soak=%home%\itest\soak\target"
call :build itest/soak "%soak%\org.calypsohsm.itest.soak.jar" || exit /b 1
for /f "tokens=1,*" %%a in ("%*") do set "options=%%b"
"%java%" %HSM_JAVA_OPTS% -Dhsm.home="%dist%" -cp "%soak%\classes;%soak%\lib\*" org.calypsohsm.itest.soak.SoakRun %options%
exit /b %errorlevel%

:run
"%java%" %HSM_JAVA_OPTS% -Dhsm.home="%dist%" -jar "%dist%\lib\org.calypsohsm.launcher.jar" %*
exit /b %errorlevel%

rem Builds the module in the first argument, unless the file in the second is newer than all sources.
:build
powershell -NoProfile -Command ^
  "$m='%~2'; if (!(Test-Path $m)) { exit 1 }; $t=(Get-Item $m).LastWriteTimeUtc;" ^
  "$s=Get-ChildItem -Recurse -File '%home%\pom.xml','%home%\bnd.bnd','%home%\cnf','%home%\bundles','%home%\product-support','%home%\%~1' |" ^
  "Where-Object { $_.LastWriteTimeUtc -gt $t -and $_.FullName -notmatch '\\target\\|\\src\\test\\|\.md$' } | Select-Object -First 1; if ($s) { exit 1 }"
if not errorlevel 1 exit /b 0
echo hsm: building; the first time this takes a minute or two. 1>&2
pushd "%home%"
call mvnw.cmd -q -B -ntp -DskipTests -pl %~1 -am package 1>&2
if errorlevel 1 (
  popd
  echo hsm: The build failed; its errors are above. 1>&2
  exit /b 1
)
powershell -NoProfile -Command "(Get-Item '%~2').LastWriteTimeUtc = [DateTime]::UtcNow"
popd
exit /b 0
