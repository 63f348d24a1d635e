package org.hearth.server.services.accountdata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// Account data and tags: their endpoints.
///
/// **thread**: any.
///
/// **source**: [Client Config](https://spec.matrix.org/v1.19/client-server-api/#client-config),
/// [Room Tagging](https://spec.matrix.org/v1.19/client-server-api/#room-tagging)
public final class AccountDataService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "AccountData";

  private static final String TAGS = "m.tag";
  private static final String DIRECT = "m.direct";

  /// "This `type` of account data is controlled by the server; it cannot be modified by clients."
  private static final Set<String> SERVERS_OWN = Set.of("m.fully_read", "m.push_rules");

  private static final int LONGEST_NAME_BYTES = 255;
  private static final int MOST_ITEM_BYTES = 64 << 10;
  private static final long MOST_USER_BYTES = 5L << 20;

  /// Every change counts the user's items.
  static final int MOST_USER_ITEMS = 20_000;

  private final AccountData data;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns = new TurnPerKey();

  /// @param data the same object that answers the others' queries
  public AccountDataService(AccountData data, JournalWriter<AccountOutput> journal) {
    this.data = data;
    this.journal = journal;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "People’s settings";
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(data);
  }

  @Override
  public List<Table> tables() {
    return List.of(AccountData.TABLE);
  }

  @Override
  public void register(Routes routes) {
    List<String> global = ClientPaths.v3("/user/{userId}/account_data/{type}");
    List<String> room = ClientPaths.v3("/user/{userId}/rooms/{roomId}/account_data/{type}");
    List<String> tag = ClientPaths.v3("/user/{userId}/rooms/{roomId}/tags/{tag}");
    routes
        .add(HttpMethod.GET, global, Access.USER, RateClass.DEFAULT, this::getGlobal)
        .add(HttpMethod.PUT, global, Access.USER, RateClass.DEFAULT, this::putGlobal)
        .add(HttpMethod.GET, room, Access.USER, RateClass.DEFAULT, this::getOfRoom)
        .add(HttpMethod.PUT, room, Access.USER, RateClass.DEFAULT, this::putOfRoom)
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/user/{userId}/rooms/{roomId}/tags"),
            Access.USER,
            RateClass.DEFAULT,
            this::getTags)
        .add(HttpMethod.PUT, tag, Access.USER, RateClass.DEFAULT, this::putTag)
        .add(HttpMethod.DELETE, tag, Access.USER, RateClass.DEFAULT, this::deleteTag);
  }

  // --- for writers of rooms

  /// Gives a room that replaces another the user's tags of that one, unless it has some, and its
  /// place among the direct chats.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if the user keeps too much already
  public void carryOver(UserId user, RoomId from, RoomId to) {
    turns.run(
        user,
        () -> {
          if (data.ofRoom(user, to, TAGS).isEmpty()) {
            data.ofRoom(user, from, TAGS).ifPresent(tags -> set(user, to, TAGS, tags));
          }
          data.global(user, DIRECT)
              .ifPresent(direct -> {
                ObjectNode after = DirectChats.withReplacement(direct, from, to);
                if (!after.equals(direct)) {
                  set(user, null, DIRECT, after);
                }
              });
        });
  }

  /// Sets data of a room that clients cannot set through this API, where it may take the place of
  /// what is there.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if the user keeps too much already
  public void setOwn(
      UserId user,
      RoomId room,
      String type,
      ObjectNode content,
      Predicate<? super ObjectNode> mayReplace) {
    turns.run(
        user,
        () -> {
          if (data.ofRoom(user, room, type).filter(known -> !mayReplace.test(known)).isEmpty()) {
            set(user, room, type, content);
          }
        });
  }

  /// Gives a room a tag, unless it has it.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if the user keeps too much already
  public void setTag(UserId user, RoomId room, String tag) {
    changeTags(
        user,
        room,
        tags -> {
          if (!tags.has(tag)) {
            tags.putObject(tag);
          }
        });
  }

  // --- endpoints

  private Response getGlobal(Request request) {
    return Response.json(
        data.global(user(request), request.path("type"))
            .orElseThrow(() -> MatrixException.notFound("Account data not found")));
  }

  private Response getOfRoom(Request request) {
    return Response.json(
        data.ofRoom(user(request), room(request), request.path("type"))
            .orElseThrow(() -> MatrixException.notFound("Room account data not found")));
  }

  private Response putGlobal(Request request) {
    return put(request, null);
  }

  private Response putOfRoom(Request request) {
    return put(request, room(request));
  }

  private Response put(Request request, @Nullable RoomId room) {
    UserId user = user(request);
    String type = request.path("type");
    checkName(type, "An account data type");
    if (SERVERS_OWN.contains(type)) {
      throw new MatrixException(405, Errcode.BAD_JSON, "Cannot set " + type + " through this API");
    }
    ObjectNode content = request.json();
    turns.run(user, () -> set(user, room, type, content));
    return Response.empty();
  }

  private Response getTags(Request request) {
    ObjectNode tags = tags(user(request), room(request));
    return Response.json(JsonNodeFactory.instance.objectNode().set("tags", tags));
  }

  private Response putTag(Request request) {
    String tag = request.path("tag");
    checkName(tag, "A tag");
    ObjectNode info = request.jsonOrEmpty();
    JsonNode order = info.get("order");
    if (order != null && !order.isNumber()) {
      throw MatrixException.badJson("order must be a number");
    }
    changeTags(user(request), room(request), tags -> tags.set(tag, info));
    return Response.empty();
  }

  private Response deleteTag(Request request) {
    changeTags(user(request), room(request), tags -> tags.remove(request.path("tag")));
    return Response.empty();
  }

  @FunctionalInterface
  private interface TagChange {
    void change(ObjectNode tags);
  }

  private void changeTags(UserId user, RoomId room, TagChange change) {
    turns.run(
        user,
        () -> {
          ObjectNode before = tags(user, room);
          ObjectNode after = before.deepCopy();
          change.change(after);
          if (!after.equals(before)) {
            set(user, room, TAGS, JsonNodeFactory.instance.objectNode().set("tags", after));
          }
        });
  }

  private ObjectNode tags(UserId user, RoomId room) {
    return data.ofRoom(user, room, TAGS)
        .map(content -> content.get("tags"))
        .filter(ObjectNode.class::isInstance)
        .map(ObjectNode.class::cast)
        .orElseGet(JsonNodeFactory.instance::objectNode);
  }

  /// Only while it is the user's turn.
  private void set(UserId user, @Nullable RoomId room, String type, ObjectNode content) {
    byte[] json = MatrixJson.write(content);
    // A tag stands two levels deeper here than in the request.
    var _ = MatrixJson.parseObject(json);
    if (json.length > MOST_ITEM_BYTES) {
      throw MatrixException.tooLarge("Account data of one type has at most 64 KiB");
    }
    AccountData.Kept kept = data.keptWithout(user, room, type);
    if (kept.items() >= MOST_USER_ITEMS) {
      throw MatrixException.tooLarge("The account data of a user has at most 20000 items");
    }
    if (kept.bytes() + json.length > MOST_USER_BYTES) {
      throw MatrixException.tooLarge("The account data of a user has at most 5 MiB");
    }
    journal.commit(
        AccountData.set(user, room, type, json),
        List.of(new AccountOutput.AccountDataChanged(user, room, type, content)),
        () -> {
          if (room == null && type.equals(AccountDataQueries.IGNORED_USERS)) {
            data.noteRuleChange(user);
          }
        });
  }

  private static UserId user(Request request) {
    UserId user = request.requester().user();
    if (!request.path("userId").equals(user.value())) {
      throw MatrixException.forbidden("Cannot use account data of other users");
    }
    return user;
  }

  private static RoomId room(Request request) {
    return RoomId.parse(request.path("roomId"));
  }

  private static void checkName(String name, String what) {
    if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME_BYTES) {
      throw MatrixException.invalidParam(what + " has 1 to " + LONGEST_NAME_BYTES + " bytes");
    }
  }
}
