package org.hearth.server.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.hearth.server.admin.MediaOperations;
import org.hearth.server.admin.Page;

/// The operations of the command line on media, told as JSON.
///
/// @param media does them
/// @param userId makes a whole id of the first part of one
record MediaControl(MediaOperations media, UnaryOperator<String> userId) {
  /// What the names of these operations begin with.
  static final String PREFIX = "media-";

  private static final int MOST_USERS = 20;

  ObjectNode handle(ControlRequest request) {
    return switch (request.operation().substring(PREFIX.length())) {
      case "status" -> status();
      case "list" -> list(userId.apply(request.argument("name")));
      case "show" -> item(media.show(request.argument("uri")));
      case "quarantine" -> quarantine(request, true);
      case "release" -> quarantine(request, false);
      case "protect" -> {
        media.protect(request.argument("uri"), true);
        yield empty();
      }
      case "unprotect" -> {
        media.protect(request.argument("uri"), false);
        yield empty();
      }
      case "delete" -> {
        media.delete(request.argument("uri"));
        yield empty();
      }
      case "remove-unused" ->
          removed(
              media.removeUnused(
                  Duration.parse(request.argument("unused")),
                  Boolean.parseBoolean(request.argument("copies")),
                  Boolean.parseBoolean(request.argument("dry-run"))));
      case "check" -> checked(media.check(Boolean.parseBoolean(request.argument("read"))));
      default ->
          throw new ControlException("This server knows no operation " + request.operation());
    };
  }

  private ObjectNode quarantine(ControlRequest request, boolean quarantined) {
    Optional<String> user = request.optional("name");
    if (user.isPresent()) {
      return empty().put("count", media.quarantineAll(userId.apply(user.get()), quarantined));
    }
    media.quarantine(request.argument("uri"), quarantined);
    return empty().put("count", 1);
  }

  private ObjectNode status() {
    MediaOperations.Totals totals = media.totals();
    ObjectNode json =
        empty()
            .put("files", totals.files())
            .put("bytes", totals.bytes())
            .put("copies", totals.copies())
            .put("copy-bytes", totals.copyBytes());
    ArrayNode users = json.putArray("users");
    media
        .largest(MOST_USERS)
        .forEach(each ->
            users
                .addObject()
                .put("user", each.user())
                .put("files", each.files())
                .put("bytes", each.bytes()));
    return json;
  }

  private ObjectNode list(String user) {
    ObjectNode json = empty().put("user", user);
    ArrayNode all = json.putArray("media");
    Page<MediaOperations.Item> page = media.ofUser(user);
    page.items().forEach(each -> all.add(item(each)));
    return json.put("more", page.more());
  }

  private static ObjectNode item(MediaOperations.Item each) {
    ObjectNode json = empty().put("uri", each.uri());
    each.user().ifPresent(user -> json.put("user", user));
    each.name().ifPresent(name -> json.put("name", name));
    return json.put("bytes", each.bytes())
        .put("type", each.type())
        .put("sha256", each.sha256())
        .put("time", each.time().toString())
        .put("used", each.used().toString())
        .put("quarantined", each.quarantined())
        .put("protected", each.isProtected())
        .put("missing", each.missing());
  }

  private static ObjectNode removed(MediaOperations.Removed removed) {
    return empty().put("files", removed.files()).put("bytes", removed.bytes());
  }

  private static ObjectNode checked(MediaOperations.Checked checked) {
    return empty()
        .put("without-row", checked.withoutMedia())
        .put("lost", checked.lost())
        .put("forgotten", checked.forgotten())
        .put("damaged", checked.damaged());
  }

  private static ObjectNode empty() {
    return JsonNodeFactory.instance.objectNode();
  }
}
