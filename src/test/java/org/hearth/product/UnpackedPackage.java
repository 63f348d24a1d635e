package org.hearth.product;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// This build's `.deb`, unpacked into a folder as an installation would, without installing it.
///
/// @param file the package
/// @param root where it was unpacked
record UnpackedPackage(Path file, Path root) {
  /// What a command did.
  ///
  /// @param code its exit code
  /// @param output both its streams
  record Ran(int code, String output) {}

  /// Unpacks the one package in the build's folder of packages.
  ///
  /// @param root an empty folder
  static UnpackedPackage into(Path root) throws IOException, InterruptedException {
    Path packages = Path.of(System.getProperty("hearth.packages"));
    try (Stream<Path> files = Files.list(packages)) {
      List<Path> found = files.filter(file -> file.toString().endsWith(".deb")).toList();
      if (found.size() != 1) {
        throw new IOException("expected one .deb in " + packages + ", found " + found);
      }
      Ran unpacked =
          run(Map.of(), List.of("dpkg-deb", "-x", found.getFirst().toString(), root.toString()));
      if (unpacked.code() != 0) {
        throw new IOException("dpkg-deb: " + unpacked.output());
      }
      return new UnpackedPackage(found.getFirst(), root);
    }
  }

  /// The application's own folder.
  Path home() {
    return root.resolve("opt").resolve("hearth");
  }

  /// One of its launchers.
  String launcher(String name) {
    return home().resolve("bin").resolve(name).toString();
  }

  /// What it carries: paths relative to [#root] of all files.
  List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> !Files.isDirectory(file))
          .map(file -> root.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  /// A field of its control file.
  String field(String name) throws IOException, InterruptedException {
    return run(Map.of(), List.of("dpkg-deb", "-f", file.toString(), name)).output().strip();
  }

  /// A script of its control archive.
  String controlFile(String name) throws IOException, InterruptedException {
    return run(Map.of(), List.of("dpkg-deb", "-I", file.toString(), name)).output();
  }

  /// Puts it into the menu of a system that has nothing yet, or takes it out.
  Ran menu(String what, Path system) throws IOException, InterruptedException {
    return run(
        Map.of(),
        List.of(
            "/bin/sh",
            home().resolve("lib").resolve("app").resolve("menu.sh").toString(),
            what,
            system.toString()));
  }

  /// Runs a launcher to its end.
  Ran run(String launcher, String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), command(launcher, arguments));
  }

  /// Runs a launcher to its end, with other JVM options.
  Ran runWith(String jvmOptions, String launcher, String... arguments)
      throws IOException, InterruptedException {
    return run(Map.of("JAVA_TOOL_OPTIONS", jvmOptions), command(launcher, arguments));
  }

  /// A launcher with its arguments.
  List<String> command(String launcher, String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher(launcher)));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  private static Ran run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), output);
  }
}
