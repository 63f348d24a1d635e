package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.time.Instant;
import java.util.Locale;
import org.hearth.server.matrix.id.UserId;

/// "A pusher is a worker on the homeserver that manages the sending of HTTP notifications for a
/// user."
///
/// @param id the position at which it was made; no two have the same
/// @param settings what the client said
/// @param setAt when a client last said so
/// @param badge how many unread notifications the gateway was told of last
/// @param attempts how it goes with the gateway
record Pusher(
    long id, UserId user, Settings settings, Instant setAt, long badge, Attempts attempts) {

  /// What a client says of a pusher.
  ///
  /// @param url where to send notifications
  /// @param definition `app_display_name`, `device_display_name`, `lang`, perhaps `profile_tag`,
  ///   and `data`; not to be changed
  record Settings(String appId, String pushkey, URI url, ObjectNode definition) {}

  /// The last requests.
  ///
  /// @param failures how many failed since the last that did not
  /// @param failingSince when the first of them failed; of no matter when there are none
  /// @param nextTry not before that moment
  record Attempts(int failures, Instant failingSince, Instant nextTry) {
    /// None that failed.
    static final Attempts FRESH = new Attempts(0, Instant.EPOCH, Instant.EPOCH);
  }

  /// Whether notifications of this pusher say no more than which event it is.
  boolean eventIdOnly() {
    return data().path("format").asText().equals(PusherRequest.EVENT_ID_ONLY);
  }

  /// "A dictionary of information for the pusher implementation itself."
  ObjectNode data() {
    return settings.definition().path("data") instanceof ObjectNode data
        ? data
        : settings.definition().objectNode();
  }

  /// As `GET /pushers` has it.
  ObjectNode toJson() {
    ObjectNode json = settings.definition().objectNode();
    json.put("kind", PusherRequest.HTTP);
    json.put("app_id", settings.appId());
    json.put("pushkey", settings.pushkey());
    json.setAll(settings.definition());
    return json;
  }

  /// Scheme, host and port of an address: what is slow or dead together.
  static String gateway(URI url) {
    return (url.getScheme() + "://" + url.getRawAuthority()).toLowerCase(Locale.ROOT);
  }
}
