# Finds the tools that Jiffy needs, installs them where that is possible, and says how Jiffy is
# started. Sourced by ../jiffy, ../check and others. Everything it says goes to standard error.

say() { printf 'jiffy: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# Ends where $2, what $1 is to be, is no whole number above 0.
need_count() {
  [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || die "$1: expected a whole number above 0, got '$2'"
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
  die "no JDK 25 found in JAVA_HOME, /usr/lib/jvm or PATH. Install one (as root: apt-get install" \
    "openjdk-25-jdk-headless, where the distribution has it; elsewhere, Debian 12 among them, from" \
    "https://adoptium.net, which has packages for apt and dnf too) and set JAVA_HOME to its folder."
}

# Makes sure that Maven can be called.
need_maven() {
  command -v mvn >/dev/null && return
  install_packages maven && command -v mvn >/dev/null && return
  die "no Maven found: mvn is not in PATH. Install Maven 3.6.3 or newer" \
    "(Debian, Ubuntu: apt-get install maven; others: https://maven.apache.org)."
}

# Keeps other builds out of the target folders of the sources in $1 until this shell ends.
lock_build() {
  mkdir -p "$1/target" && [[ -w $1/target ]] && { [[ ! -e $1/target/lock ]] || [[ -w $1/target/lock ]]; } ||
    die "cannot build: $1/target belongs to another user ($(id -un) may not write there)"
  exec 9>"$1/target/lock"
  if command -v flock >/dev/null; then flock 9; fi
}

# Runs Maven quietly about itself. JIFFY_MAVEN_ARGS adds arguments: MAVEN_ARGS is new in Maven 3.9.
maven() {
  # Maven's own libraries use sun.misc.Unsafe, about which JDK 25 warns.
  # shellcheck disable=SC2086 # JIFFY_MAVEN_ARGS is a list
  MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow" \
    mvn -B -ntp ${JIFFY_MAVEN_ARGS:-} "$@"
}

# The flags of the JVM that runs Jiffy, on which the archive of loaded classes depends, and what a
# process that lasts has beside them.
java_flags=(
  --enable-native-access=ALL-UNNAMED
  --sun-misc-unsafe-memory-access=allow # Netty and JNA
  -XX:+UseSerialGC                      # the tensors are outside the heap; no collector threads
)
lasting_flags=(--add-modules jdk.incubator.vector)

# What a process has instead that answers once: neither the second JIT compiler, which would take
# longer than what it compiles, nor what cannot do without it.
once_flags=(-XX:TieredStopAtLevel=1 -Djiffy.vector=false)

# Whether the command of these arguments answers once, and machine code of Jiffy's own computes. For
# any POSIX shell, as installations take it as well.
answers_once() {
  case ${1:-} in
    run | report) grep -qw avx2 /proc/cpuinfo 2>/dev/null || return 1 ;;
    *) return 1 ;;
  esac
  while [ $# -gt 0 ]; do
    case $1 in
      --kernels | --kernels=*) return 1 ;;
    esac
    shift
  done
}

# Dumps the classes that loading, running and serving small models needs into $1/classes.jsa, in the
# form in which the JVM keeps them, so that later starts map them: $2... starts it, with a class
# path. The archive is only for speed, and the JVM itself ignores one that does not fit its jars or
# flags.
#
# The JVM leaves out old classes that are linked while it dumps, and those that are made of them.
# Picocli is compiled for Java 5, so nothing may be resolved that refers to it.
archive_classes() {
  local folder=$1 lists
  shift
  lists=$(mktemp -d) || return 0
  {
    "$@" -Xshare:off -XX:DumpLoadedClassList="$lists/all" dev.jiffy.cli.ArchiveRun &&
      grep -v -e '^@cp picocli/' -e '^@cp dev/jiffy/cli/' -e '^@lambda-proxy .*picocli/' \
        "$lists/all" >"$lists/some" &&
      "$@" -Xshare:dump -XX:SharedClassListFile="$lists/some" \
        -XX:SharedArchiveFile="$folder/classes.jsa"
  } >/dev/null 2>&1 || rm -f "$folder/classes.jsa"
  rm -r "$lists"
}
