import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/// Replaces the launchers of a Linux image by scripts that do the same from the same settings.
///
/// The launcher that jpackage makes asks rpm and dpkg, twice, which package owns its file before it starts Java. That is a
/// fifth of Hearth's start on a small system, and more with every installed package.
///
/// A server that a fault has ended is started again by what the source's launcher does it with, `keep-running.sh`.
///
///     java build-tools/Launchers.java IMAGE KEEP-RUNNING NAME...
final class Launchers {
  private Launchers() {}

  public static void main(String[] args) throws IOException {
    Path image = Path.of(args[0]);
    for (String name : List.of(args).subList(2, args.length)) {
      List<String> settings = Files.readAllLines(image.resolve("lib").resolve("app").resolve(name + ".cfg"));
      Path launcher = image.resolve("bin").resolve(name);
      Files.delete(launcher);
      Files.writeString(launcher, script(name, settings, Files.readString(Path.of(args[1]))));
      Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static String script(String name, List<String> settings, String keepRunning) {
    String options = String.join(" ", values("java-options=", settings).map(Launchers::quoted).toList());
    String classPath = String.join(":", values("app.classpath=", settings).map(jar -> jar.replace("$APPDIR", "$app")).toList());
    String main = values("app.mainclass=", settings).findFirst().orElseThrow();
    return """
        #!/bin/sh
        # Starts Hearth with the Java that lies beside it.
        set -eu
        # The launcher may be a link from a folder of the path.
        self=$0
        while [ -h "$self" ]; do
          target=$(readlink "$self")
          case $target in
            /*) self=$target ;;
            *) self=$(dirname "$self")/$target ;;
          esac
        done
        home=$(cd "$(dirname "$self")/.." && pwd -P)
        app=$home/lib/app
        cache=
        if [ -f "$app/%1$s.aot" ]; then cache=$app/%1$s.aot; fi
        %5$s
        case ${1:-panel} in
          panel | --data-dir* | serve) run=keep_running ;;
          *) run=exec ;;
        esac
        $run "$home/lib/runtime/bin/java" %2$s ${cache:+"-XX:AOTCache=$cache"} \\
          -cp "%3$s" %4$s "$@"
        """
        .formatted(name, options, classPath, main, keepRunning);
  }

  private static Stream<String> values(String key, List<String> settings) {
    return settings.stream().filter(line -> line.startsWith(key)).map(line -> line.substring(key.length()));
  }

  private static String quoted(String option) {
    return "'" + option.replace("'", "'\\''") + "'";
  }
}
