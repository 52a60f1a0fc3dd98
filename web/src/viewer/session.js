// Talks to /graphql with the session cookie, and shows a login form when nobody is logged in.

export async function ask(query, variables) {
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

const isAnonymous = (answer) =>
  (answer.errors ?? []).some((error) => error.extensions?.code === "UNAUTHENTICATED");

/** Ask, and while nobody is logged in show the form in `place` first. */
export async function askLoggedIn(place, query, variables) {
  for (;;) {
    const answer = await ask(query, variables);
    if (!isAnonymous(answer)) return answer;
    await logIn(place);
  }
}

const LOGIN = `mutation($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) { token errors { message } } }`;

function logIn(place) {
  place.innerHTML = `<form class="login"><h1>Tessera</h1>
    <label>User name <input name="username" autocomplete="username" required autofocus></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Log in</button><p role="alert"></p></form>`;
  const form = place.querySelector("form");
  return new Promise((done) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await ask(LOGIN, Object.fromEntries(new FormData(form)));
      const login = answer.data?.login;
      if (login?.token) {
        place.textContent = "";
        done();
        return;
      }
      const fault = login?.errors?.[0] ?? answer.errors?.[0];
      form.querySelector("[role=alert]").textContent = fault?.message ?? "Not logged in.";
    });
  });
}
