package org.hearth.server.services.pushrules;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.push.PushRule;
import org.hearth.server.matrix.push.PushRuleKind;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.RowChange;

/// The endpoints of push rules.
///
/// **thread**: any.
///
/// **source**: [Push Rules: API](https://spec.matrix.org/v1.19/client-server-api/#push-rules-api)
public final class PushRulesService implements AccountCompanion, ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "PushRules";

  private static final String TYPE = AccountDataQueries.PUSH_RULES;
  private static final int MOST_RULES = 1_000;
  private static final int LONGEST_ID = 255;
  private static final int MOST_BYTES = 64 << 10;

  private final AccountData data;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns = new TurnPerKey();

  /// @param data where the rules are kept
  public PushRulesService(AccountData data, JournalWriter<AccountOutput> journal) {
    this.data = data;
    this.journal = journal;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "When to notify";
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(this);
  }

  @Override
  public List<String> asks() {
    return List.of(AccountDataService.BOX);
  }

  @Override
  public void register(Routes routes) {
    String rule = "/pushrules/global/{kind}/{ruleId}";
    add(routes, HttpMethod.GET, "/pushrules", this::getAll);
    add(routes, HttpMethod.GET, "/pushrules/", this::getAll);
    add(routes, HttpMethod.GET, "/pushrules/global", this::getGlobal);
    add(routes, HttpMethod.GET, "/pushrules/global/", this::getGlobal);
    add(routes, HttpMethod.GET, "/pushrules/global/{kind}", this::getKind);
    add(routes, HttpMethod.GET, "/pushrules/global/{kind}/", this::getKind);
    add(routes, HttpMethod.GET, rule, request -> Response.json(rule(request).toJson()));
    add(routes, HttpMethod.PUT, rule, this::putRule);
    add(routes, HttpMethod.DELETE, rule, this::deleteRule);
    add(
        routes,
        HttpMethod.GET,
        rule + "/enabled",
        request ->
            field("enabled", JsonNodeFactory.instance.booleanNode(rule(request).isEnabled())));
    add(routes, HttpMethod.PUT, rule + "/enabled", this::putEnabled);
    add(
        routes,
        HttpMethod.GET,
        rule + "/actions",
        request -> {
          ArrayNode actions = JsonNodeFactory.instance.arrayNode();
          rule(request).actions().forEach(actions::add);
          return field("actions", actions);
        });
    add(routes, HttpMethod.PUT, rule + "/actions", this::putActions);
  }

  private static void add(
      Routes routes, HttpMethod method, String path, org.hearth.server.http.Handler handler) {
    routes.add(method, ClientPaths.v3(path), Access.USER, RateClass.DEFAULT, handler);
  }

  private Response getAll(Request request) {
    return Response.json(content(rules(request.requester().user())));
  }

  private Response getGlobal(Request request) {
    return Response.json(rules(request.requester().user()).toJson());
  }

  private Response getKind(Request request) {
    JsonNode rules = rules(request.requester().user()).toJson().path(kind(request).word());
    return Response.json(rules);
  }

  private Response putRule(Request request) {
    PushRuleKind kind = kind(request);
    String id = request.path("ruleId");
    // "The rule ID MUST NOT start with a dot" and "MUST NOT contain forward or backslashes".
    if (id.isEmpty() || id.startsWith(".") || id.contains("/") || id.contains("\\")) {
      throw MatrixException.invalidParam(
          "A rule's id must not be empty, begin with a dot or have slashes");
    }
    if (id.length() > LONGEST_ID) {
      throw MatrixException.invalidParam("A rule's id has at most " + LONGEST_ID + " characters");
    }
    PushRule rule = PushRule.parse(kind, id, request.json());
    String before = request.query("before").orElse(null);
    String after = request.query("after").orElse(null);
    change(request.requester().user(), rules -> rules.withRule(rule, before, after));
    return Response.empty();
  }

  private Response deleteRule(Request request) {
    PushRuleKind kind = kind(request);
    String id = request.path("ruleId");
    change(request.requester().user(), rules -> rules.withoutRule(kind, id));
    return Response.empty();
  }

  private Response putEnabled(Request request) {
    boolean enabled = Fields.of(request.json()).bool("enabled");
    PushRuleKind kind = kind(request);
    String id = request.path("ruleId");
    change(request.requester().user(), rules -> rules.withEnabled(kind, id, enabled));
    return Response.empty();
  }

  private Response putActions(Request request) {
    JsonNode actions = Fields.of(request.json()).array("actions");
    PushRuleKind kind = kind(request);
    String id = request.path("ruleId");
    change(request.requester().user(), rules -> rules.withActions(kind, id, actions));
    return Response.empty();
  }

  private PushRule rule(Request request) {
    return rules(request.requester().user())
        .rule(kind(request), request.path("ruleId"))
        .orElseThrow(() -> MatrixException.notFound("There is no such push rule"));
  }

  private static PushRuleKind kind(Request request) {
    return PushRuleKind.of(request.path("kind"))
        .orElseThrow(() -> MatrixException.invalidParam("Unknown kind of push rule"));
  }

  /// The rules of a user of this server.
  ///
  /// @param user who has an account
  /// @return the stored rules with the defaults of today
  public PushRuleset rules(UserId user) {
    Optional<JsonNode> stored = data.global(user, TYPE).map(content -> content.path("global"));
    return stored
        .map(rules -> PushRuleset.restore(user, rules))
        .orElseGet(() -> PushRuleset.defaults(user));
  }

  /// Gives a room that replaces another the user's rules of that one.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if the user has too many rules already
  public void carryOver(UserId user, RoomId from, RoomId to) {
    change(user, rules -> rules.withReplacement(from, to));
  }

  private void change(UserId user, UnaryOperator<PushRuleset> change) {
    turns.run(
        user,
        () -> {
          PushRuleset before = rules(user);
          PushRuleset after = change.apply(before);
          if (after == before) {
            return;
          }
          int count = 0;
          for (PushRuleKind kind : PushRuleKind.values()) {
            count += after.rules(kind).size();
          }
          ObjectNode content = content(after);
          byte[] json = MatrixJson.write(content);
          if (count > MOST_RULES || json.length > MOST_BYTES) {
            throw MatrixException.tooLarge("A user has at most 1000 push rules in 64 KiB");
          }
          journal.commit(
              AccountData.set(user, null, TYPE, json),
              List.of(new AccountOutput.AccountDataChanged(user, null, TYPE, content)),
              () -> data.noteRuleChange(user));
        });
  }

  private static ObjectNode content(PushRuleset rules) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.set("global", rules.toJson());
    return content;
  }

  private static Response field(String name, JsonNode value) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set(name, value);
    return Response.json(json);
  }

  @Override
  public List<RowChange> opening(UserId user, Optional<String> displayName) {
    return AccountData.set(user, null, TYPE, MatrixJson.write(content(PushRuleset.defaults(user))));
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    // The account data of a closed account goes with it.
    return List.of();
  }
}
