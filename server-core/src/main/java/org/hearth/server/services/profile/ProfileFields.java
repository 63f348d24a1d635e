package org.hearth.server.services.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.MxcUri;

/// What the fields of a profile may be.
///
/// **source**: [PUT
/// /profile](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseridkeyname)
final class ProfileFields {
  /// "the total profile MUST be under 64 KiB"
  static final int MOST_BYTES = (64 << 10) - 1;

  private static final int LONGEST_NAME = 256;
  private static final int LONGEST_AVATAR = 1000;
  private static final int LONGEST_KEY_BYTES = 255;

  private ProfileFields() {}

  /// Checks the name of a field.
  ///
  /// @throws MatrixException `M_KEY_TOO_LARGE` or `M_INVALID_PARAM`
  static String checkedKey(String key) {
    if (key.getBytes(StandardCharsets.UTF_8).length > LONGEST_KEY_BYTES) {
      throw new MatrixException(
          Errcode.KEY_TOO_LARGE, "A profile key has at most " + LONGEST_KEY_BYTES + " bytes");
    }
    boolean wellFormed =
        !key.isEmpty()
            && key.charAt(0) >= 'a'
            && key.charAt(0) <= 'z'
            && key.chars().allMatch(ProfileFields::isKeyCharacter);
    if (!wellFormed) {
      throw MatrixException.invalidParam("Invalid profile key");
    }
    return key;
  }

  private static boolean isKeyCharacter(int each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || "._-".indexOf(each) >= 0;
  }

  /// The value that a request sets the field to; empty if it removes it: clients of old set an
  /// empty text for that.
  ///
  /// @throws MatrixException `M_MISSING_PARAM`, `M_BAD_JSON` or `M_INVALID_PARAM`
  static Optional<JsonNode> value(String key, ObjectNode body) {
    return switch (key) {
      case Profiles.DISPLAY_NAME ->
          text(Fields.of(body).string(key)).map(ProfileFields::checkedName).map(TextNode::valueOf);
      case Profiles.AVATAR_URL ->
          text(Fields.of(body).string(key))
              .map(ProfileFields::checkedAvatar)
              .map(TextNode::valueOf);
      case "m.tz" -> Optional.of(TextNode.valueOf(Fields.of(body).string(key)));
      default -> {
        if (!body.hasNonNull(key)) {
          throw MatrixException.missingParam(key);
        }
        yield Optional.of(body.get(key));
      }
    };
  }

  /// Whether a field that another server tells is one that a profile may have.
  static boolean isSound(String key, JsonNode value) {
    try {
      String checked = checkedKey(key);
      return switch (checked) {
        case Profiles.DISPLAY_NAME -> value.isTextual() && isName(value.textValue());
        case Profiles.AVATAR_URL ->
            value.isTextual() && !checkedAvatar(value.textValue()).isEmpty();
        case "m.tz" -> value.isTextual() && value.textValue().length() <= LONGEST_NAME;
        default -> !value.isNull();
      };
    } catch (MatrixException _) {
      return false;
    }
  }

  private static boolean isName(String name) {
    return !checkedName(name).isEmpty();
  }

  private static Optional<String> text(String value) {
    return Optional.of(value).filter(each -> !each.isEmpty());
  }

  static String checkedName(String name) {
    if (name.codePointCount(0, name.length()) > LONGEST_NAME) {
      throw MatrixException.invalidParam(
          "A display name has at most " + LONGEST_NAME + " characters");
    }
    if (name.indexOf('\0') >= 0) {
      throw MatrixException.invalidParam("A name has no NUL character");
    }
    return name;
  }

  private static String checkedAvatar(String url) {
    if (url.length() > LONGEST_AVATAR) {
      throw MatrixException.invalidParam(
          "An avatar URL has at most " + LONGEST_AVATAR + " characters");
    }
    try {
      return MxcUri.parse(url).value();
    } catch (InvalidIdentifierException _) {
      // A picture of any other address would tell its owner who looks at the profile.
      throw MatrixException.invalidParam("An avatar URL must be an mxc: address");
    }
  }
}
