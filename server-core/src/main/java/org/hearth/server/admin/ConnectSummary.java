package org.hearth.server.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.admin.WayIn.Reach;
import org.hearth.server.admin.WayIn.Security;

/// How apps connect: the addresses to give them, and which of them work.
///
/// @param serverName the permanent name
/// @param openToOthers whether the listeners are open to other computers
/// @param ways the best address first; not empty
/// @param apps with the best address
/// @param authority the server's own, if it certifies a listener
public record ConnectSummary(
    String serverName,
    boolean openToOthers,
    List<WayIn> ways,
    List<AppVerdict> apps,
    Optional<Authority> authority) {
  /// The server's own authority, of which each device is told once.
  ///
  /// @param path of the page that says how, below any address of the server
  /// @param fingerprint of its certificate, in hexadecimal
  public record Authority(String path, String fingerprint) {}

  public ConnectSummary {
    ways = List.copyOf(ways);
    apps = List.copyOf(apps);
  }

  /// Judges the apps.
  ///
  /// @param slidingSync whether the server serves simplified sliding sync
  public static ConnectSummary of(
      String serverName,
      boolean openToOthers,
      List<WayIn> ways,
      boolean slidingSync,
      Optional<Authority> authority) {
    return new ConnectSummary(
        serverName, openToOthers, ways, AppRules.of(ways.getFirst(), slidingSync), authority);
  }

  /// The address that people are given.
  public WayIn best() {
    return ways.getFirst();
  }

  /// What to know of the best address, each a sentence.
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (openToOthers && best().reach() == Reach.THIS_COMPUTER) {
      notes.add("This computer is in no network now, so only its own apps reach the server.");
    } else if (best().reach() == Reach.THIS_COMPUTER) {
      notes.add("Only apps on this computer reach this address.");
    }
    if (best().reach() == Reach.HOME && isName()) {
      notes.add(
          "Devices find it only where the name %s leads to this computer."
              .formatted(best().host()));
    }
    if (best().reach() == Reach.HOME && best().security() == Security.PLAIN) {
      notes.add("With http, whoever shares your network can read what passes.");
    }
    authority.ifPresent(own ->
        notes.add(
            "Each device trusts the https address after it was told of this server's authority once: open %s%s on it. The fingerprint there must be %s"
                .formatted(readable(), own.path(), own.fingerprint())));
    notes.add(name().formatted(serverName));
    return List.copyOf(notes);
  }

  /// The best address that a device reads before it trusts any.
  private String readable() {
    return ways.stream()
        .filter(way -> way.security() == Security.PLAIN && way.reach() == best().reach())
        .findFirst()
        .orElse(best())
        .url();
  }

  private String name() {
    if (isFoundByName()) {
      return "Apps may also be given the name %s.";
    }
    return best().reach() == Reach.ANOTHER_PROGRAM
        ? "The name alone is enough where https://%s/.well-known/matrix/client names this address."
        : "Give apps the whole address: the name %s alone does not lead them here.";
  }

  private boolean isName() {
    return !best().host().startsWith("[") && !best().host().matches("[0-9.]+");
  }

  /// An app that is given a name alone asks `https://` with that name.
  private boolean isFoundByName() {
    return best().url().equals("https://" + serverName)
        || best().url().equals("https://" + serverName + ":443");
  }

  /// The link that opens an app with the best address.
  ///
  /// @param userId whose account it is for; empty for anybody's
  public String link(Optional<String> userId) {
    return best().link(userId);
  }
}
