package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Outbound;

/// The body of `POST /pushers/set`.
///
/// @param appId of which application
/// @param pushkey which of its devices
/// @param settings what to set; empty to delete the pusher
/// @param append whether other users may have the pusher, too
record PusherRequest(
    String appId, String pushkey, Optional<Pusher.Settings> settings, boolean append) {
  static final String HTTP = "http";
  static final String EVENT_ID_ONLY = "event_id_only";

  /// "Max length, 64 chars."
  static final int LONGEST_APP_ID = 64;

  /// "Max length, 512 bytes."
  static final int LONGEST_PUSHKEY_BYTES = 512;

  /// The names, the language and the tag, each.
  static final int LONGEST_TEXT_BYTES = 255;

  static final int LONGEST_URL = 1_024;
  static final int MOST_DATA_BYTES = 4 << 10;

  /// All that is kept as JSON; the column's size.
  static final int MOST_DEFINITION_BYTES = 8 << 10;

  private static final String PATH = "/_matrix/push/v1/notify";

  /// @param outbound knows which addresses are never asked
  /// @throws MatrixException if it is not what the specification has there
  static PusherRequest parse(ObjectNode body, Outbound outbound) {
    Fields fields = Fields.of(body);
    String appId = fields.string("app_id");
    if (appId.isEmpty() || appId.length() > LONGEST_APP_ID) {
      throw MatrixException.invalidParam("app_id has 1 to " + LONGEST_APP_ID + " characters");
    }
    String pushkey = fields.string("pushkey");
    if (pushkey.isEmpty() || Utf8.length(pushkey) > LONGEST_PUSHKEY_BYTES) {
      throw MatrixException.invalidParam("pushkey has 1 to " + LONGEST_PUSHKEY_BYTES + " bytes");
    }
    if (!body.has("kind")) {
      throw MatrixException.missingParam("kind");
    }
    // "If `kind` is `null`, the pusher with this `app_id` and `pushkey` for this user is deleted."
    Optional<String> kind = fields.optionalString("kind");
    if (kind.isEmpty()) {
      return new PusherRequest(appId, pushkey, Optional.empty(), true);
    }
    if (kind.get().equals("email")) {
      throw MatrixException.invalidParam("This server does not send notifications by email yet");
    }
    if (!kind.get().equals(HTTP)) {
      throw MatrixException.invalidParam("The kind of a pusher is http");
    }
    return new PusherRequest(
        appId,
        pushkey,
        Optional.of(settings(appId, pushkey, fields, outbound)),
        fields.bool("append", false));
  }

  private static Pusher.Settings settings(
      String appId, String pushkey, Fields fields, Outbound outbound) {
    ObjectNode definition = JsonNodeFactory.instance.objectNode();
    for (String name : new String[] {"app_display_name", "device_display_name", "lang"}) {
      definition.put(name, text(name, fields.string(name)));
    }
    fields
        .optionalString("profile_tag")
        .ifPresent(tag -> definition.put("profile_tag", text("profile_tag", tag)));
    Fields data = fields.object("data");
    if (MatrixJson.write(data.json()).length > MOST_DATA_BYTES) {
      throw MatrixException.tooLarge("data has at most " + MOST_DATA_BYTES + " bytes");
    }
    if (data.optionalString("format").filter(each -> !each.equals(EVENT_ID_ONLY)).isPresent()) {
      // Somebody who asks for less than the default is not given all that there is.
      throw MatrixException.invalidParam(
          "The format of a pusher is " + EVENT_ID_ONLY + ", or left out");
    }
    URI url = url(data.string("url"), outbound);
    definition.set("data", data.json());
    // A control character takes six bytes there.
    if (MatrixJson.write(definition).length > MOST_DEFINITION_BYTES) {
      throw MatrixException.tooLarge(
          "A pusher has at most " + MOST_DEFINITION_BYTES + " bytes of JSON");
    }
    return new Pusher.Settings(appId, pushkey, url, definition);
  }

  private static String text(String name, String text) {
    if (Utf8.length(text) > LONGEST_TEXT_BYTES) {
      throw MatrixException.invalidParam(
          "%s has at most %d bytes".formatted(name, LONGEST_TEXT_BYTES));
    }
    return text;
  }

  /// "MUST be an HTTPS URL with a path of `/_matrix/push/v1/notify`." Plain text is for hosts that
  /// the owner of the server has named: one at home may have no certificate.
  private static URI url(String text, Outbound outbound) {
    if (text.length() > LONGEST_URL) {
      throw MatrixException.invalidParam("The url has at most " + LONGEST_URL + " characters");
    }
    try {
      URI url = new URI(text);
      if (!PATH.equals(url.getRawPath()) || url.getRawFragment() != null) {
        throw MatrixException.invalidParam("The path of the url must be " + PATH);
      }
      Optional<Failure> refusal =
          outbound.refusal(PushGateways.request(url, new byte[0], outbound));
      if (refusal.isPresent()) {
        throw MatrixException.invalidParam(sentence(refusal.get()));
      }
      return url;
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw MatrixException.invalidParam("The url is no https address: " + e.getMessage());
    }
  }

  private static String sentence(Failure refusal) {
    return switch (refusal) {
      case Failure.PlainTextRefused _ ->
          "The url must begin with https: plain http is for hosts that the owner of this server allows";
      case Failure.AddressBlocked(var host, _) ->
          "This server does not send to the private address %s, unless its owner allows that host"
              .formatted(host);
      case Failure.InvalidHost(var host) -> "The url has no host: " + host;
      default -> "The url cannot be asked";
    };
  }
}
