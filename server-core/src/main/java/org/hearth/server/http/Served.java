package org.hearth.server.http;

import java.util.List;

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
  public Served {
    versions = List.copyOf(versions);
    features = List.copyOf(features);
    works = List.copyOf(works);
    missing = List.copyOf(missing);
    apps = List.copyOf(apps);
  }

  /// What this program serves.
  ///
  /// Clients of today demand v1.5 at least. A version is added when what it brought is served; of
  /// v1.3 and v1.4 the lists of relations and of threads are still to come. The features are the
  /// extended profiles of v1.16 and the mutual rooms of v1.19, these by their name as a proposal,
  /// too; and what is still a proposal: dehydrated devices.
  public static Served now() {
    return new Served(
        List.of("v1.1", "v1.2", "v1.3", "v1.4", "v1.5"),
        List.of(
            "uk.tcpip.msc4133.stable",
            "uk.half-shot.msc2666.query_mutual_rooms",
            "uk.half-shot.msc2666.query_mutual_rooms.stable",
            "org.matrix.msc3814"),
        List.of(
            "rooms with text",
            "encrypted rooms",
            "reactions, edits and replies",
            "read receipts",
            "who is typing and who is there",
            "search",
            "unread counts and notifications",
            "invitations",
            "guests"),
        List.of("pictures and files", "threads", "other servers"),
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
