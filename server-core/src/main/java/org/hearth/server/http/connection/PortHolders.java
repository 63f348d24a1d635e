package org.hearth.server.http.connection;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Finds out which process listens on a port, where the system tells: on Linux, and of processes
/// that we may look at.
///
/// Source: [proc_net(5)](https://man7.org/linux/man-pages/man5/proc_net.5.html): `sl local_address
/// rem_address st … inode`, addresses and ports in hexadecimal, state `0A` is LISTEN.
final class PortHolders {
  private static final int LOCAL_ADDRESS = 1;
  private static final int STATE = 3;
  private static final int INODE = 9;

  private PortHolders() {}

  /// Who listens on that TCP port.
  static Optional<PortInUseException.Holder> of(int port) {
    Set<String> sockets = new HashSet<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      sockets.addAll(listening(Path.of(table), port));
    }
    return sockets.isEmpty() ? Optional.empty() : owner(sockets);
  }

  private static Set<String> listening(Path table, int port) {
    String suffix = ":%04X".formatted(port);
    Set<String> inodes = new HashSet<>();
    try {
      for (String line : Files.readAllLines(table)) {
        String[] fields = line.strip().split("\\s+", -1);
        if (fields.length > INODE
            && fields[LOCAL_ADDRESS].endsWith(suffix)
            && fields[STATE].equals("0A")) {
          inodes.add("socket:[" + fields[INODE] + "]");
        }
      }
    } catch (IOException e) {
      return Set.of(); // Not Linux: the system does not tell.
    }
    return inodes;
  }

  private static Optional<PortInUseException.Holder> owner(Set<String> sockets) {
    return ProcessHandle.allProcesses()
        .filter(process -> holdsOneOf(sockets, process.pid()))
        .findFirst()
        .map(process -> new PortInUseException.Holder(process.pid(), command(process)));
  }

  private static boolean holdsOneOf(Set<String> sockets, long processId) {
    Path descriptors = Path.of("/proc/" + processId + "/fd");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
      for (Path each : all) {
        if (sockets.contains(Files.readSymbolicLink(each).toString())) {
          return true;
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return false; // Another user's process, or it has just ended.
    }
    return false;
  }

  private static String command(ProcessHandle process) {
    if (commandLine(process).contains("org.hearth.")) {
      return "another Hearth";
    }
    return process
        .info()
        .command()
        .map(command -> String.valueOf(Path.of(command).getFileName()))
        .orElse("unknown");
  }

  /// Java tells none that is long, as that of a server with all its class path is.
  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(
          Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException _) {
      return ""; // It has just ended.
    }
  }
}
