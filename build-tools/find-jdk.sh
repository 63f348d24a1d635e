# Read by the launchers: sets "jdk" to a JDK 25 or newer, whatever Java "mvn" itself runs on, or ends with a sentence.
wanted=25

# A folder is a JDK of the wanted version or a newer one if its "release" file says so.
is_jdk() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] || return 1
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  [ -n "$version" ] && [ "$version" -ge "$wanted" ]
}

# The javac of the path is often a link into the JDK.
jdk_of_path() {
  compiler=$(command -v javac) || return 0
  compiler=$(readlink -f "$compiler" 2>/dev/null || printf '%s' "$compiler")
  dirname "$(dirname "$compiler")"
}

find_jdk() {
  for folder in "${HEARTH_JAVA_HOME:-}" "${JAVA_HOME:-}" "$(jdk_of_path)" /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/openjdk* \
      /opt/java/* /opt/jdk* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.m2/jdks/* \
      /Library/Java/JavaVirtualMachines/*/Contents/Home "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
      /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    if [ -n "$folder" ] && is_jdk "$folder"; then
      printf '%s\n' "$folder"
      return 0
    fi
  done
  return 1
}

if ! jdk=$(find_jdk); then
  echo "hearth: no JDK $wanted was found; install one (for example Temurin $wanted from adoptium.net), or point HEARTH_JAVA_HOME at it." >&2
  exit 3
fi

# Maven, which is told of this JDK so that it finds it wherever it is.
maven() {
  if ! command -v mvn >/dev/null; then
    echo "hearth: Maven is needed to build Hearth; install it (for example: apt-get install maven)." >&2
    exit 3
  fi
  JAVA25_HOME=$jdk mvn "$@"
}
