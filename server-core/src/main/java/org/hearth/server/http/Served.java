package org.hearth.server.http;

import java.util.List;
import java.util.stream.IntStream;

/// What this version serves: for programs in `/versions`, for people on the landing page and on the
/// panel's Home. One place, so that the three never disagree.
///
/// @param versions of the specification, up to which nothing essential is missing
/// @param features what is served of later versions, by the name that clients look for
/// @param works what people can do, in their words
/// @param missing what they cannot do yet; empty when nothing is missing
/// @param apps with which it was tried and works
public record Served(
    List<String> versions,
    List<String> features,
    List<String> works,
    List<String> missing,
    List<String> apps) {
  /// The last version of the specification of which all is served that a server must have.
  private static final int NEWEST_MINOR = 19;

  public Served {
    versions = List.copyOf(versions);
    features = List.copyOf(features);
    works = List.copyOf(works);
    missing = List.copyOf(missing);
    apps = List.copyOf(apps);
  }

  /// What this program serves.
  ///
  /// A version is added when what it brought is served: tests have tables of that, from which the
  /// list of versions follows (`operations.txt` and `versions.txt`).
  ///
  /// The features are what is served of later versions, by the names that clients look for as long
  /// as those versions are not announced: intentional mentions (v1.7), the recursion of relations
  /// (v1.10), extended profiles (v1.16), blocking of invitations (v1.18), and mutual rooms (v1.19),
  /// also by their name before that; what clients ask by name whatever is announced: cross-signing,
  /// and types of rooms in the directory; and what is still a proposal: dehydrated devices, sliding
  /// sync.
  public static Served now() {
    return new Served(
        IntStream.rangeClosed(1, NEWEST_MINOR).mapToObj(minor -> "v1." + minor).toList(),
        List.of(
            "uk.tcpip.msc4133.stable",
            "uk.half-shot.msc2666.query_mutual_rooms",
            "uk.half-shot.msc2666.query_mutual_rooms.stable",
            "org.matrix.msc3981",
            "org.matrix.msc3952_intentional_mentions",
            "org.matrix.msc4380.stable",
            "org.matrix.e2e_cross_signing",
            "org.matrix.msc3827.stable",
            "org.matrix.msc3814",
            "org.matrix.simplified_msc3575"),
        List.of(
            "rooms with text",
            "rooms shared with people on other servers",
            "encrypted rooms",
            "reactions, edits and replies",
            "threads",
            "read receipts",
            "who is typing and who is there",
            "search",
            "unread counts and notifications",
            "invitations",
            "guests",
            "pictures and files"),
        List.of(
            "bridges to other networks",
            "passwords by e-mail",
            "signing in with an account of another site"),
        List.of("Element on the web and on computers", "Cinny", "Hydrogen"));
  }

  /// The two lists in a sentence each.
  public String sentences() {
    return "Works: "
        + String.join(", ", works)
        + "."
        + (missing.isEmpty() ? "" : " Not yet: " + String.join(", ", missing) + ".");
  }
}
