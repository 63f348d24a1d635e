package org.hearth.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// One endpoint, and what can be asked wrongly of any.
///
/// @param access `none`, `optional`, `guest`, `user`, `admin` or `server`
/// @param body `-` for none, `json` for an object that must be there, `json?` for one that may
record Endpoint(String access, String method, String path, String body) {
  private static final String UPLOAD = "/_matrix/media/v3/upload";
  private static final List<String> METHODS = List.of("GET", "PUT", "POST", "DELETE");

  static List<Endpoint> all() {
    return WrongRequest.rows("endpoints.txt").stream()
        .map(columns -> {
          String[] call = columns.getFirst().strip().split(" +", 3);
          return new Endpoint(call[0], call[1], call[2], columns.get(1).strip());
        })
        .toList();
  }

  /// Somebody who may call it.
  private String caller() {
    return switch (access) {
      case "none", "optional" -> "nobody";
      case "admin" -> "root";
      default -> "alice";
    };
  }

  private boolean takesToken() {
    return !access.equals("none") && !isForServers();
  }

  private boolean isForServers() {
    return access.equals("server");
  }

  private boolean demandsToken() {
    return takesToken() && !access.equals("optional");
  }

  private WrongRequest wrong(String why, String sender, int status, String errcode) {
    return new WrongRequest(why, sender, method, path, "-", status, errcode);
  }

  /// Tokens that open nothing.
  static List<WrongRequest> badTokens() {
    List<WrongRequest> all = new ArrayList<>();
    for (Endpoint each : all()) {
      if (each.demandsToken()) {
        all.add(each.wrong("no token", "nobody", 401, "M_MISSING_TOKEN"));
      }
      if (each.takesToken()) {
        all.add(each.wrong("an unknown token", "stranger", 401, "M_UNKNOWN_TOKEN"));
        all.add(each.wrong("an expired token", "expired", 401, "M_UNKNOWN_TOKEN"));
        all.add(each.wrong("a token that has logged out", "leaver", 401, "M_UNKNOWN_TOKEN"));
      }
      if (each.isForServers()) {
        all.add(each.wrong("no signature", "nobody", 401, "M_UNAUTHORIZED"));
        all.add(each.wrong("a user's token", "alice", 401, "M_UNAUTHORIZED"));
      }
      if (each.access.equals("user")) {
        all.add(each.wrong("a guest", "guest", 403, "M_GUEST_ACCESS_FORBIDDEN"));
      }
      if (each.access.equals("admin")) {
        all.add(each.wrong("not an administrator", "alice", 403, "M_FORBIDDEN"));
      }
    }
    return all;
  }

  /// Methods that the path has not, and paths beside the path.
  static List<WrongRequest> badTargets() {
    Map<String, Set<String>> methods = new LinkedHashMap<>();
    for (Endpoint each : all()) {
      methods.computeIfAbsent(each.path, _ -> new TreeSet<>()).add(each.method);
    }
    // It has a second endpoint under the same path, with another parameter.
    have(methods, "/directory/room/<free-alias>", Set.of("GET", "DELETE"));
    have(methods, "/directory/room/<alias>", Set.of("PUT"));
    have(methods, "/profile/<alice>/displayname", Set.of("DELETE"));
    have(methods, "/profile/<alice>/org.test", Set.of("GET", "PUT"));
    have(methods, "/rooms/<room>/state/m.room.name", Set.of("PUT"));
    have(methods, "/rooms/<room>/state/m.room.member/<alice>", Set.of("PUT"));
    have(methods, "/rooms/<room>/state/org.test", Set.of("GET"));
    have(methods, "/rooms/<room>/state/org.test/key", Set.of("GET"));
    List<WrongRequest> all = new ArrayList<>();
    methods.forEach((path, known) -> {
      Set<String> others = new TreeSet<>(METHODS);
      others.removeAll(known);
      others.add("PATCH");
      for (String method : others) {
        all.add(
            new WrongRequest("another method", "alice", method, path, "-", 405, "M_UNRECOGNIZED"));
      }
      for (String tail : List.of("/and/much/more/of/it", "//", "/./.")) {
        if (path.equals(UPLOAD) && tail.equals("/./.")) {
          continue; // An upload to an address that was given out before: another method.
        }
        all.add(
            new WrongRequest(
                "a longer path",
                "alice",
                known.iterator().next(),
                path + tail,
                "-",
                404,
                "M_UNRECOGNIZED"));
      }
    });
    return all;
  }

  private static void have(Map<String, Set<String>> methods, String path, Set<String> more) {
    methods.computeIfAbsent(path, _ -> new TreeSet<>()).addAll(more);
  }

  /// Bodies that no endpoint takes.
  static List<WrongRequest> badBodies() {
    List<WrongRequest> all = new ArrayList<>();
    for (Endpoint each : all()) {
      // Of who has not signed, the body does not matter.
      if (each.body.equals("-") || each.isForServers()) {
        continue;
      }
      for (List<String> row : WrongRequest.rows("bodies.txt")) {
        String[] said = row.get(2).split(" ", 2);
        all.add(
            new WrongRequest(
                row.get(0),
                each.caller(),
                each.method,
                each.path,
                row.get(1),
                Integer.parseInt(said[0]),
                said[1]));
      }
      if (each.body.equals("json")) {
        all.add(each.wrong("no body", each.caller(), 400, "M_NOT_JSON"));
      }
    }
    return all;
  }
}
