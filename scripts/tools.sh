# Finds the tools that Jiffy needs, and installs them where that is possible. Sourced by ../jiffy and
# ../check. Everything it says goes to standard error.

say() { printf 'jiffy: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# Whether $1 is the home of a JDK 25.
is_jdk() {
  [[ -n $1 && -x $1/bin/javac && -r $1/release ]] &&
    [[ $(<"$1/release") =~ JAVA_VERSION=\"25[.\"] ]]
}

# Sets JAVA_HOME to a JDK 25 that is on this machine; fails where there is none.
find_jdk() {
  local home javac
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*25* /Library/Java/JavaVirtualMachines/*25*/Contents/Home; do
    if is_jdk "$home"; then
      export JAVA_HOME=$home
      return
    fi
  done
  javac=$(command -v javac) || return 1
  home=$(readlink -f "$javac")
  home=${home%/bin/javac}
  is_jdk "$home" && export JAVA_HOME=$home
}

# Installs Debian or Ubuntu packages; fails where that cannot be done.
install_packages() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
  say "installing $*"
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  } >&2
}

# The same, without the services of the packages.
install_quietly() {
  local policy=/usr/sbin/policy-rc.d
  if [[ -e $policy || $(id -u) != 0 ]]; then
    install_packages "$@"
    return
  fi
  ( # a shell of its own, so that the file goes whatever ends it
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    install_packages "$@"
  )
}

# Sets JAVA_HOME to a JDK 25, which is installed if need be.
need_jdk() {
  find_jdk && return
  install_packages openjdk-25-jdk-headless && find_jdk && return
  install_packages temurin-25-jdk && find_jdk && return
  die "no JDK 25 found in JAVA_HOME, /usr/lib/jvm or PATH. Install one" \
    "(Debian, Ubuntu: apt-get install openjdk-25-jdk-headless; others: https://adoptium.net)" \
    "and set JAVA_HOME to its folder."
}

# Makes sure that Maven can be called.
need_maven() {
  command -v mvn >/dev/null && return
  install_packages maven && command -v mvn >/dev/null && return
  die "no Maven found: mvn is not in PATH. Install Maven 3.6.3 or newer" \
    "(Debian, Ubuntu: apt-get install maven; others: https://maven.apache.org)."
}

# Runs Maven quietly about itself, with what it prints on standard error.
maven() {
  # Maven's own libraries use sun.misc.Unsafe, about which JDK 25 warns.
  MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow" mvn -B -ntp "$@"
}
