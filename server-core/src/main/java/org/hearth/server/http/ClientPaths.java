package org.hearth.server.http;

import java.util.List;

/// The prefixes under which the endpoints of the client-server API are known.
public final class ClientPaths {
  private static final String R0 = "/_matrix/client/r0";
  private static final String V1 = "/_matrix/client/v1";
  private static final String V3 = "/_matrix/client/v3";

  private ClientPaths() {}

  /// The path under today's prefix and under the one that old clients use.
  public static List<String> v3(String path) {
    return List.of(V3 + path, R0 + path);
  }

  /// The path of an endpoint that is younger than the old prefix.
  public static String v1(String path) {
    return V1 + path;
  }
}
