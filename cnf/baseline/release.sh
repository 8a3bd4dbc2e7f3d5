#!/usr/bin/env bash
# Makes what bundles/api and product-support/card-simulator export now the release that later builds are compared with.
# Raise api.baseline.version in cnf/pom.xml first, unless there was no release yet; commit the jars afterwards.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
version=$(sed -n 's:.*<api.baseline.version>\(.*\)</api.baseline.version>.*:\1:p' "$root/cnf/pom.xml")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
./mvnw -q -B -ntp -DskipTests -pl bundles/api,product-support/card-simulator -am package
for module in bundles/api:org.calypsohsm.api product-support/card-simulator:org.calypsohsm.card; do
  name=${module#*:}
  jars=("$root/${module%%:*}/target/$name"-*-SNAPSHOT.jar)
  mkdir "$work/$name"
  cd "$work/$name"
  "${JAVA_HOME:+$JAVA_HOME/bin/}jar" --extract --file "${jars[0]}"
  # The snapshot of a later version is compared with it, so the bundle must say the version of the release.
  sed -i "s/^Bundle-Version: .*/Bundle-Version: $version\r/" META-INF/MANIFEST.MF
  rm -f "$here/$name"-*.jar
  "${JAVA_HOME:+$JAVA_HOME/bin/}jar" --create --no-manifest --date 2026-01-01T00:00:00Z --file "$here/$name-$version.jar" META-INF org
  echo "$name $version: $here/$name-$version.jar"
done
