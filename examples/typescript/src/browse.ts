// Logs in, prints projects with their datasets, and tags an image: every field is typed.
import { ask, type Server } from "./client";
import { graphql } from "./gql";
import type { ProjectsQuery } from "./gql/graphql";

const Login = graphql(`
  mutation Login($username: String!, $password: String!) {
    login(input: { username: $username, password: $password }) {
      token
      errors { code message }
    }
  }
`);

const Projects = graphql(`
  query Projects($after: String) {
    projects(first: 20, after: $after, orderBy: [{ field: NAME, direction: ASC }]) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        name
        owner { login }
        viewerCan { update annotate }
        datasets(first: 10) { nodes { id name images(first: 1) { totalCount } } }
      }
    }
  }
`);

const Tag = graphql(`
  mutation Tag($targets: [ID!]!, $name: String!) {
    annotate(input: { targets: $targets, newTags: [{ name: $name }] }) {
      errors { code message target }
    }
  }
`);

export async function login(url: string, username: string, password: string): Promise<Server> {
  const { login: answer } = await ask({ url }, Login, { username, password });
  if (!answer.token) {
    throw new Error(answer.errors.map((error) => error.message).join(" "));
  }
  return { url, token: answer.token };
}

export async function* projects(server: Server) {
  let after: string | null | undefined = null;
  do {
    const page: ProjectsQuery["projects"] = (await ask(server, Projects, { after })).projects;
    yield* page.nodes;
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
  } while (after);
}

export async function tag(server: Server, targets: string[], name: string): Promise<string[]> {
  const { annotate } = await ask(server, Tag, { targets, name });
  return annotate.errors.map((error) => error.message);
}

const [url, username, password] = process.argv.slice(2);
if (url && username && password) {
  const server = await login(url, username, password);
  for await (const project of projects(server)) {
    console.log(`${project.name} (${project.owner.login})`);
    for (const dataset of project.datasets.nodes) {
      console.log(`  ${dataset.name}: ${dataset.images.totalCount} images`);
    }
  }
}
