package org.hearth.server.matrix.id;

/// The address of a piece of media: `mxc://server/mediaId`.
///
/// Source: [Matrix Content URIs][mxc]. "Media IDs are opaque"; the only characters a server should let
/// through are those "matching the regex `[A-Za-z0-9_-]+`".
///
/// [mxc]: https://spec.matrix.org/v1.19/client-server-api/#matrix-content-mxc-uris
///
/// @param value the whole address, at most 255 bytes
public record MxcUri(String value) implements Comparable<MxcUri> {
  private static final String KIND = "mxc URI";
  private static final String SCHEME = "mxc://";

  public MxcUri {
    if (!value.startsWith(SCHEME)) {
      throw new InvalidIdentifierException(KIND, value, "does not begin with 'mxc://'");
    }
    Grammar.checkBytes(KIND, value);
    int slash = value.indexOf('/', SCHEME.length());
    if (slash < 0 || slash + 1 == value.length()) {
      throw new InvalidIdentifierException(KIND, value, "has no media id");
    }
    String fault = ServerNameGrammar.fault(value.substring(0, slash), SCHEME.length());
    if (fault != null) {
      throw new InvalidIdentifierException(KIND, value, fault);
    }
    for (int i = slash + 1; i < value.length(); i++) {
      if (!Grammar.isUrlSafe(value.charAt(i))) {
        throw new InvalidIdentifierException(KIND, value, "has a media id with other characters");
      }
    }
  }

  /// The address with that text.
  ///
  /// @throws InvalidIdentifierException if the text does not follow the grammar
  public static MxcUri parse(String text) {
    return new MxcUri(text);
  }

  /// The address of that piece of media on that server.
  ///
  /// @throws InvalidIdentifierException if the media id has characters other than `A-Za-z0-9_-`
  public static MxcUri create(ServerName server, String mediaId) {
    return new MxcUri(SCHEME + server.value() + "/" + mediaId);
  }

  /// The server that has the media.
  public ServerName server() {
    return new ServerName(value.substring(SCHEME.length(), value.lastIndexOf('/')));
  }

  /// The name of the media on its server.
  public String mediaId() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  @Override
  public int compareTo(MxcUri other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
