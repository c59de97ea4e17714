# What the recipes beside this file have in common; each of them sets `name`, `version` and `needs`, and
# reads it in. It knows where to install, says --help, and marks what is complete.
#
#   folder    where to: the argument, or $MQTTSPEC_INSTALLED/NAME, or ~/.local/share/mqttspec/targets/NAME
#   work      a folder inside of it, gone at the end
#   parts     what lies beside the recipe in NAME.d

parts=$(cd "$(dirname "$0")" && pwd)/$name.d

say_help() {
	else_changed="Nothing else is changed but the caches of the tools."
	[ ! -e "$parts/packages" ] || else_changed="What Debian packages goes into the system: $(xargs <"$parts/packages")."
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p;}' "$0"
	cat <<-END

		Usage: $0 [FOLDER]

		Everything goes into FOLDER; without it into \$MQTTSPEC_INSTALLED/$name, and without that into
		~/.local/share/mqttspec/targets/$name. $else_changed
		It needs: $needs
	END
}

fail() {
	echo "$0: $*" >&2
	exit 1
}

misused() {
	echo "$0: $*" >&2
	echo "Try: $0 --help" >&2
	exit 2
}

# Not a folder with something else in it: what is there before must be of this recipe, or nothing.
check_folder() {
	case $folder in
	/*) ;;
	*) folder=$PWD/$folder ;;
	esac
	if [ -e "$folder" ] && [ ! -d "$folder" ]; then
		fail "$folder is no folder"
	fi
	if [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ] && [ ! -e "$folder/.mqttspec-$name" ]; then
		fail "$folder has something else in it"
	fi
}

begin() {
	case ${1-} in
	-h | --help)
		say_help
		exit 0
		;;
	-*) misused "there is no option $1" ;;
	esac
	[ $# -le 1 ] || misused "one folder, not $#"
	[ $# -eq 0 ] || [ -n "$1" ] || misused "the folder has no name"
	folder=${1-${MQTTSPEC_INSTALLED:-${HOME:?}/.local/share/mqttspec/targets}/$name}
	check_folder
	for tool in $needs; do
		command -v "$tool" >/dev/null || fail "there is no $tool; it needs: $needs"
	done
	mkdir -p "$folder" || fail "$folder cannot be made"
	: 2>/dev/null >"$folder/.mqttspec-$name" || fail "$folder cannot be written to"
	rm -f "$folder/version"
	work=$folder/.work
	rm -rf "$work"
	mkdir "$work"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	cp "$parts"/* "$work"
	cd "$work"
}

# The version is written when everything is there: mqttspec takes it for the sign of that.
finish() {
	echo "$version" >"$folder/version"
	echo "$name $version is in $folder"
}

# Jars by the coordinates in pom.xml, each held against its sum; and the launcher, Launch.java, with what it uses
# of its own folder and of what agents in Java share.
install_jars() {
	copy_dependencies=org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies
	mvn -q -B "$copy_dependencies" -DoutputDirectory="$work/lib" -DincludeScope=runtime >log 2>&1 || {
		cat log >&2
		fail "Maven did not bring the jars"
	}
	(cd lib && sha256sum --quiet --strict -c ../sums) || fail "a jar is not what it was"
	[ "$(ls lib | wc -l)" -eq "$(wc -l <sums)" ] || fail "there are other jars than those in sums"
	mkdir classes
	javac -cp 'lib/*' -sourcepath ".:$parts/../../agents/java" -d classes Launch.java || fail "the launcher does not compile"
	rm -rf "$folder/lib" "$folder/classes"
	mv lib classes "$folder"
}

# An agent is launched for each case run, so its classes and those of its library lie in an archive for each
# version of MQTT, which saves a third of what Java needs to begin. One that does not fit is passed over by Java.
# What a connect needs is loaded by one to a port where nobody listens.
share_classes() {
	jar cf "$folder/agent.jar" -C "$folder/classes" . || fail "the agent cannot be packed"
	rm -rf "$folder/classes"
	for mqtt in "$@"; do
		printf '{"do":"connect","id":1,"host":"127.0.0.1","port":1,"version":"%s",' "$mqtt" >connect
		echo '"client_id":"","clean_start":true,"keep_alive":60}' >>connect
		{
			cat connect
			sleep 4
		} | java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ArchiveClassesAtExit="$folder/agent-$mqtt.jsa" \
			-cp "$folder/agent.jar:$folder/lib/*" Launch "$version" >log 2>&1 || {
			cat log >&2
			fail "the agent does not run"
		}
	done
}

# Packages of PyPI into a virtual environment, each held against the sums in requirements.txt; and what
# is run there, if there is anything. What comes as source alone is built with the tools of build.txt.
install_wheels() {
	python3 -m venv "$folder/venv" >log 2>&1 || {
		cat log >&2
		fail "there is no virtual environment of Python (Debian has it in python3-venv)"
	}
	if [ -e build.txt ]; then
		run_pip -r build.txt
		run_pip --no-build-isolation -r requirements.txt
	else
		run_pip --only-binary :all: -r requirements.txt
	fi
	for part in *.py; do
		[ ! -e "$part" ] || cp "$part" "$folder"
	done
}

run_pip() {
	"$folder/venv/bin/pip" install -q --disable-pip-version-check --require-hashes --no-deps "$@" >log 2>&1 || {
		cat log >&2
		fail "pip did not bring the packages"
	}
}

# Packages of npm, each held against its sum in package-lock.json; none of their scripts is run.
install_modules() {
	npm ci --ignore-scripts --no-audit --no-fund --loglevel error >log 2>&1 || {
		cat log >&2
		fail "npm did not bring the packages"
	}
	rm -rf "$folder/node_modules"
	mv node_modules "$folder"
	cp ./*.js "$folder"
}

# A program in Go, with its modules as go.sum has them.
build_go() {
	GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0 go build -trimpath -o "$folder/$name" . ||
		fail "it does not build"
}

# A program in Rust, with its crates as Cargo.lock has them.
build_cargo() {
	(unset CARGO_BUILD_TARGET && CARGO_TARGET_DIR=$work/target cargo build --quiet --locked --release) ||
		fail "it does not build"
	rm -f "$folder/$name"
	cp "$work/target/release/$name" "$folder"
}

# Packages of Debian, those in the file `packages`, which go into the system: installed by root, named to
# everybody else. A service among them is not started, now or with the machine. The version is that of the first.
install_packages() {
	missing=$(missing_packages)
	[ -z "$missing" ] || add_packages
	version=$(dpkg-query -W -f '${Version}' "$(head -n 1 packages)")
}

missing_packages() {
	while read -r package; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || echo "$package"
	done <packages | xargs
}

# Debian asks policy-rc.d before it starts a service.
add_packages() {
	[ "$(id -u)" -eq 0 ] || fail "that is for root: apt-get install --no-install-recommends $missing"
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		trap 'rm -rf "$work" /usr/sbin/policy-rc.d' EXIT
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >log 2>&1 || {
		cat log >&2
		fail "apt-get did not bring the packages"
	}
	for service in $(dpkg -L $missing | sed -n 's|.*/system/\([^/@]*\.\(service\|socket\)\)$|\1|p'); do
		! command -v systemctl >/dev/null || systemctl -q disable "$service"
	done
}
