package org.hearth.server.admin;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// One address at which apps reach the server.
///
/// @param url such as `http://192.168.1.20:8008`
/// @param over the link to the network that it belongs to, as people know it; empty for one that
///   the settings name, and for one of this computer alone
/// @param reach who gets there
/// @param security what an app is shown that it is the right server
public record WayIn(String url, Optional<String> over, Reach reach, Security security) {
  /// The page of Element that opens the app, where it is installed, and says where to get it where
  /// not.
  private static final String OPENS_APP = "https://mobile.element.io/element/?account_provider=";

  /// Who gets to an address.
  public enum Reach {
    /// Programs on this computer.
    THIS_COMPUTER,
    /// Devices in the networks of this computer.
    HOME,
    /// Whoever the program reaches that hands requests on to this one.
    ANOTHER_PROGRAM
  }

  /// What an app is shown that it is the right server.
  public enum Security {
    /// Nothing: plain HTTP.
    PLAIN,
    /// A certificate that everybody accepts.
    TRUSTED,
    /// One of an authority that devices must be told of.
    OWN_AUTHORITY,
    /// One that only vouches for itself.
    SELF_SIGNED,
    /// One that is for another name.
    OTHER_NAME,
    /// One that has ended.
    ENDED,
    /// That of another program, which this one does not see.
    UNSEEN
  }

  /// A link that opens Element X on a phone, with this address filled in. Other apps that know such
  /// links take it, too.
  ///
  /// **source**: element-x-android `DefaultLoginIntentResolver`, element-x-ios
  /// `AccountProvisioningParameters`
  ///
  /// @param userId whose account it is for; empty for anybody's
  public String link(Optional<String> userId) {
    String provider = url.startsWith("https://") ? url.substring("https://".length()) : url;
    return OPENS_APP
        + encoded(provider)
        + userId.map(id -> "&login_hint=" + encoded("mxid:" + id)).orElse("");
  }

  /// The link to the page of this server that says what to do with an invitation.
  ///
  /// @param token of registration
  public String invitation(String token) {
    return url + (url.endsWith("/") ? "" : "/") + "?invitation=" + encoded(token);
  }

  /// The address without what comes before and after its host.
  String host() {
    return String.valueOf(URI.create(url).getHost());
  }

  /// What may stand in a query does, so that people can read it.
  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("%3A", ":")
        .replace("%40", "@")
        .replace("%2F", "/");
  }
}
