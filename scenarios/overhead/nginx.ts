/** nginx as a rival: one worker, least connections, 256 connections kept, no log. */
export function nginxConfig(port: number, nodes: readonly number[], folder: string): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/nginx-body;
  proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi;
  uwsgi_temp_path ${folder}/nginx-uwsgi;
  scgi_temp_path ${folder}/nginx-scgi;
  client_body_buffer_size 128k;
  proxy_buffers 16 32k;
  proxy_buffer_size 32k;
  keepalive_requests 1000000000;
  upstream nodes {
    least_conn;
    ${nodes.map((node) => `server 127.0.0.1:${node};`).join('\n    ')}
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}
